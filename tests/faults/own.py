"""A temporary database for fault tests, on the server of ``DATABASE_URL`` or in a SQLite file, and its content.

A process that is killed cannot share pytest's transaction, so these tests are commands, which pytest runs.
"""

import datetime
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.support.paths import ROOT

AT = datetime.datetime(2026, 12, 1, 1, 0, tzinfo=datetime.UTC)


class File:
    """A database in a SQLite file."""

    def __init__(self, folder: Path):
        self.path, self.kept = folder / "own.sqlite3", folder / "kept.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def keep(self) -> None:
        """Keep a copy of the current content. There may be no open connection."""
        shutil.copy(self.path, self.kept)

    def renew(self) -> None:
        """Restore the copy, and remove the journals of killed processes."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()
        shutil.copy(self.kept, self.path)

    def drop(self) -> None:
        """Do nothing: the folder is removed."""


class Server:
    """A database on a PostgreSQL server."""

    def __init__(self, url: str):
        import psycopg

        self.connect = lambda: closing(psycopg.connect(url, autocommit=True))
        self.name = f"own_{secrets.token_hex(6)}"
        self.url = urlunsplit(urlsplit(url)._replace(path=f"/{self.name}"))
        self._execute(f"CREATE DATABASE {self.name}")

    def keep(self) -> None:
        self._execute(f"CREATE DATABASE {self.name}_kept TEMPLATE {self.name}")

    def renew(self) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {self.name} TEMPLATE {self.name}_kept")

    def drop(self) -> None:
        for name in (self.name, f"{self.name}_kept"):
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)


@contextmanager
def database() -> Iterator[File | Server]:
    """Make a database, set Django up with it, and drop it afterwards."""
    url = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="own-", dir="/tmp") as folder:  # noqa: S108 - a socket's path must be short
        own = Server(url) if url.startswith("postgres") else File(Path(folder))
        os.environ["DATABASE_URL"] = own.url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        try:
            yield own
        finally:
            from django.db import connections

            connections.close_all()
            own.drop()


def build(*, services: int, proposed: bool = True) -> None:
    """Fill the database: a published edition of the list's first services, and a draft with approved proposals.

    Uses the functions of the domain; with ``proposed`` False the draft has no proposals.
    """
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from catalogue.audit.log import AuditContext
    from catalogue.editions import drafts
    from catalogue.models import Edition
    from catalogue.workflow import proposals, publishing
    from services.fixtures.load import load_vocabularies
    from services.models import Department, Region
    from services.vocabularies import Terms

    call_command("migrate", verbosity=0)
    load_vocabularies(ROOT / "fixtures" / "vocabularies")
    file = json.loads((ROOT / "fixtures" / "editions" / "2026.json").read_text())
    terms, region = Terms(), Region.objects.get(code=file["edition"]["region"])
    first = Edition(region=region, number=1, slug="first", title="清单", effective_from=datetime.date(2026, 11, 1))
    first.save()
    for number, entry in enumerate(file["services"][:services], start=1):
        drafts.save_entry(first, entry | {"number": number}, terms=terms, context=AuditContext(at=AT))
    first = publishing.publish(first, context=AuditContext(at=AT), from_fixtures=True)
    proposer, assessor, approver = (
        User.objects.create_superuser(name, password=None) for name in ("proposer", "assessor", "approver")
    )
    draft = drafts.create_draft(
        first,
        slug="second",
        title="清单",
        effective_from=datetime.date(2027, 1, 1),
        context=AuditContext(at=AT, user=approver),
    )
    if not proposed:
        return
    codes = [entry["code"] for entry in file["services"][:services]]
    for kind, action, entry_data in (("change", "change", {"note": "改动"}), ("withdraw", "withdraw", None)):
        proposal = proposals.draft(
            kind=kind,
            region=region,
            department=Department.objects.first(),
            title="建议",
            reason="理由",
            effective_from=draft.effective_from,
            entries=[{"service": codes.pop(), "action": action, "entry_data": entry_data, "successors": []}],
            context=AuditContext(at=AT, user=proposer),
        )
        proposals.submit(proposal, context=AuditContext(at=AT, user=proposer))
        proposals.approve(proposal, context=AuditContext(at=AT, user=approver))
        proposals.include_in_edition(proposal, draft, context=AuditContext(at=AT, user=assessor))
