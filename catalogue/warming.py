"""What will be asked first is answered before anybody asks, so that nobody waits for a process that has just begun."""

from collections.abc import Iterator

from django.urls import reverse

from catalogue import choosing, listing, watching

VOCABULARIES = ("domain", "department", "targetgroup", "source", "indicator", "project", "fact")


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
