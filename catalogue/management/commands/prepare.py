"""Prepares the database: migrations, vocabularies, and the published editions of ``fixtures/``."""

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
from catalogue.workflow.fixtures.load import load_catalogue
from services.fixtures.files import FixtureError

# The key of the advisory lock: any number that is the same in all processes of this project.
LOCK = 15_00_00_81


class Command(BaseCommand):
    help = "准备好数据库：建立或更新表结构，装入 fixtures/ 中的词表与版本；重复运行不改变任何内容。"
    # The command runs at every start, and the system checks take longer than the work; .ci/run runs them.
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
    """Whether an error is operational (unreachable, full, damaged, no permission); all others are bugs."""
    # SQLite raises DatabaseError itself for a damaged file; 42501 is PostgreSQL's code for a missing permission.
    return (
        isinstance(error, OperationalError)
        or type(error) is DatabaseError
        or getattr(error.__cause__, "sqlstate", None) == "42501"
    )


def connect() -> None:
    """Connect to the database. Raises CommandError: all errors here concern DATABASE_URL or the server."""
    try:
        connection.ensure_connection()
    except (DatabaseError, UnicodeError, ValueError) as error:
        raise unusable(error) from None


def unusable(error: Exception) -> CommandError:
    reason = (str(error).strip().splitlines() or ["没有说明原因"])[0]
    return CommandError(f"数据库不能使用，请检查 DATABASE_URL 和它的权限（{reason}）。")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold an advisory lock on PostgreSQL, so that processes starting together prepare the database one by one.

    SQLite has no such lock: of two processes that start on a new file at once, one may fail and have to be restarted.
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
