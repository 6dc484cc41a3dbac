"""Datasette over the file that ``datasets`` builds. Run by the peers' own Python, without Datasette's access log."""

import os

from datasette.app import Datasette

app = Datasette(immutables=[os.environ["PUBLISHED"]]).app()
