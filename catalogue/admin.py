"""Where Django looks for an app's registrations: all of ours are in ``catalogue.desk``."""

from catalogue.desk import (  # noqa: F401
    editions,
    entries,
    hearing,
    not_verified,
    people,
    plan,
    proposals,
    record,
    synonyms,
    vocabularies,
)
