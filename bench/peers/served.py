"""Serves with Granian as ``scripts/serve`` does: ``python -m bench.peers.served 8001``, or ``… 8001 plain`` for a peer.

Uses the same code and so the same settings; requirements and database must be ready before.
"""

import functools
import os
import sys
from collections.abc import Callable

from scripts import server

HOST = "127.0.0.1"


@functools.cache
def django_alone(_target: str) -> Callable:
    """Return Django's WSGI application without the response cache; application once, before the fork."""
    from django.core.wsgi import get_wsgi_application
    from django.urls import get_resolver

    application = get_wsgi_application()
    _ = get_resolver().url_patterns
    return application


def main(port: str, peer: str | None = None) -> None:
    load = server.load
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if peer:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "bench.peers.settings", "PEER": peer}
        load = django_alone
    load("")
    server.serve(HOST, int(port), 1, load=load)


if __name__ == "__main__":
    main(*sys.argv[1:])
