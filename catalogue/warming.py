"""What will be asked first is answered before anybody asks, so that nobody waits for a process that has just begun."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.urls import reverse

from catalogue import choosing, listing, watching

# For how many names answers are made ready; each takes some 6 MB, in all workers together.
MOST_ROOTS = 2
VOCABULARIES = ("domain", "department", "targetgroup", "source", "indicator", "project", "fact")


def roots(here: str) -> list[str]:
    """Return the schemes and hosts that readers know us by, as far as the settings tell; ``here`` where they do not.

    None where they only say which hosts there may be.
    """
    public = urlsplit(settings.PUBLIC_URL)
    if public.hostname and validate_host(public.hostname, settings.ALLOWED_HOSTS):
        return [settings.PUBLIC_URL]
    if not (settings.SECURE_SSL_REDIRECT or settings.SECURE_PROXY_SSL_HEADER):
        return [here]
    named = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    return [f"https://{host}" for host in named[:MOST_ROOTS]]


def addresses() -> Iterator[str]:
    """Yield the addresses of what the edition in force says: the list, each service and its page, and what is beside.

    One query and those of ``listing``. Without an edition in force only the vocabularies.
    """
    yield from (reverse(f"{name}-list") for name in VOCABULARIES)
    found = watching.look().in_force(choosing.today())
    if found is None:
        return
    edition = choosing.kept(found.pk, found.digest)
    services = reverse("service-list")
    yield from (reverse("root"), reverse("edition-list"), reverse("llms"), reverse("feed"), services)
    # The first search makes the index.
    yield f"{services}?q={edition.slug}"
    for name in ("edition-detail", "edition-content"):
        yield reverse(name, kwargs={"slug": edition.slug})
    for code in listing.listing(edition).codes:
        yield from (f"{services}{code}/", reverse("page", kwargs={"code": code}))
