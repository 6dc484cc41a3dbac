"""Settings of a mutation run: the test database is a file, and Hypothesis always tries the same examples."""

from hypothesis import Phase, settings

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES

DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / "var" / "mutation" / "test.sqlite3")}
# A failing example need not be shrunk.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None)
