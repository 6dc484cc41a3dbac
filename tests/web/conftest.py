"""Caches in front of the application."""

import pytest

from catalogue.web.cache import ResponseCache


@pytest.fixture
def cached(counting_application) -> ResponseCache:
    """A cache that reads the revision once, and not again during a test."""
    return ResponseCache(counting_application, max_bytes=64 * 1024 * 1024, poll_seconds=3600)


@pytest.fixture
def polling_cache(counting_application) -> ResponseCache:
    """A cache that reads the revision with every request."""
    return ResponseCache(counting_application, max_bytes=64 * 1024 * 1024, poll_seconds=0)
