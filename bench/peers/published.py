"""Datasette over the file that ``datasets`` builds. Runs in the peers' environment, without an access log."""

import os

from datasette.app import Datasette

app = Datasette(immutables=[os.environ["PUBLISHED"]]).app()
