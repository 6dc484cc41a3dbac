"""Makes the database ready to serve: its tables, the vocabularies, and the published editions of ``fixtures/``."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from catalogue.integrity import checks
from catalogue.models import DamagedEditionError, RevisionToken
from catalogue.web import revision
from catalogue.workflow.load import load_catalogue
from services.json_files import FixtureError

# Any number will do, as long as every start of this project takes the same one.
LOCK = 15_00_00_81


class Command(BaseCommand):
    help = "准备好数据库：建立或更新表结构，装入 fixtures/ 中的词表与版本；重复运行不改变任何内容。"
    # It runs at every start: the checks belong to .ci/run, and reading all of them takes longer than the work.
    requires_system_checks = []

    def handle(self, **options):
        try:
            connect()
            with one_at_a_time():
                self._migrate()
                call_command("createcachetable", verbosity=0)
                load_catalogue(settings.BASE_DIR / "fixtures", report=self.stdout.write)
                RevisionToken.objects.prune()
                for slug in checks.damaged_editions(revision.current().editions):
                    self.stdout.write(f"警告：{DamagedEditionError(slug).detail}")
        except (DamagedEditionError, FixtureError) as error:
            raise CommandError(f"没有装入任何内容。{error}") from None
        except DatabaseError as error:
            if not is_about_the_database(error):
                raise
            raise unusable(error) from error

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not plan:
            self.stdout.write("表结构：没有变化。")
            return
        self.stdout.write(f"表结构：正在应用 {len(plan)} 个迁移……")
        call_command("migrate", verbosity=0, interactive=False)


def is_about_the_database(error: DatabaseError) -> bool:
    """Say whether whoever runs the database can help: not reached, full, damaged, not permitted. The rest is a bug."""
    # SQLite's driver raises the base class itself for a damaged file; PostgreSQL calls a missing permission 42501.
    return (
        isinstance(error, OperationalError)
        or type(error) is DatabaseError
        or getattr(error.__cause__, "sqlstate", None) == "42501"
    )


def connect() -> None:
    """Connect to the database. Raises CommandError: whatever goes wrong here is about DATABASE_URL or the server."""
    try:
        connection.ensure_connection()
    except (DatabaseError, UnicodeError, ValueError) as error:
        raise unusable(error) from None


def unusable(error: Exception) -> CommandError:
    reason = (str(error).strip().splitlines() or ["没有说明原因"])[0]
    return CommandError(f"数据库不能使用，请检查 DATABASE_URL 和它的权限（{reason}）。")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let only one start at a time prepare a PostgreSQL, however many machines are started together.

    Two starts on one new SQLite file at the same time are not kept apart: one of them may have to be started again.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
