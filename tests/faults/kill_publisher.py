"""``kill -9`` of the publisher: ``python -m tests.faults.kill_publisher --runs 100``.

On PostgreSQL, under tests/postgres.py. Every other run is killed just before one of the publication's statements, so
that every boundary is covered; the others at a random moment of a publication, its commit included. After each: no
acknowledged publication is lost, no edition is partly published, and a repeated publication yields exactly one edition.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter

from tests.faults import own

# Services in the edition: few, or the whole list.
FEW, ALL = 8, 81


def publish_and_die(acknowledge: int, *, before: int | None) -> None:
    """In a child process: publish the draft, write its digest to ``acknowledge``, and wait to be killed.

    ``before`` is the number, from 1, of the statement before which the process kills itself; None: killed from outside.
    """
    from django.db import connection

    from catalogue.audit.log import AuditContext
    from catalogue.models import Edition
    from catalogue.workflow import publishing

    said = 0

    def count(execute, sql, parameters, many, context):
        nonlocal said
        said += 1
        if said == before:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(count):
        edition = publishing.publish(Edition.objects.get(slug="second"), context=AuditContext(at=own.AT))
    if before is not None and said < before:
        # Published, but killed before the acknowledgement.
        os.kill(os.getpid(), signal.SIGKILL)
    os.write(acknowledge, edition.digest.encode())
    time.sleep(60)


def interrupted(*, before: int | None = None, after: float | None = None) -> str:
    """Publish in a child that is killed; return the digest it acknowledged, empty if none."""
    reader, acknowledge = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            publish_and_die(acknowledge, before=before)
        finally:
            os._exit(1)
    os.close(acknowledge)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    digest = os.read(reader, 64).decode()
    os.close(reader)
    return digest


def judge(acknowledged: str) -> str:
    """Check the database after a kill and return how far the publication had come. Raises AssertionError."""
    from django.db import connection

    from catalogue.audit import log
    from catalogue.models import Edition, Event, Proposal
    from catalogue.workflow import publishing

    edition = Edition.objects.get(slug="second")
    sealed = edition.entries.exclude(canonical_json=None).count()
    events = Event.objects.filter(edition="second", verb__in=["published", *Event.CHANGES]).count()
    states = set(Proposal.objects.values_list("state", flat=True))
    assert log.verify_chain() == [], log.verify_chain()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if not edition.is_published:
        assert not acknowledged, "an acknowledged publication is lost"
        assert (edition.digest, edition.canonical_json, sealed, events, states) == (None, None, 0, 0, {"approved"})
        return "没有发布"
    assert acknowledged in {"", edition.digest}
    assert publishing.verify_edition(edition) == [], publishing.verify_edition(edition)
    # One change, one withdrawal, and the publication.
    assert (sealed, events, states) == (edition.entries.count(), 3, {"published"})
    return "已确认" if acknowledged else "已发布、未及确认"


def repeat() -> None:
    """Publish again, as a client without an acknowledgement does; afterwards there is exactly one published edition."""
    from catalogue.audit.log import AuditContext
    from catalogue.models import Edition, Event
    from catalogue.workflow import publishing

    try:
        publishing.publish(Edition.objects.get(slug="second"), context=AuditContext(at=own.AT))
    except publishing.NotPublishableError as error:
        assert [fault.field for fault in error.faults if fault.field == "published_at"], error
    assert Event.objects.filter(edition="second", verb="published").count() == 1
    assert Edition.objects.published().count() == 2
    judge("")


def main(runs: int, services: int, seed: int) -> int:
    rng = random.Random(seed)  # noqa: S311 - seeded, so that a run can be repeated
    with own.database() as database:
        from django.db import connections

        own.build(services=services)
        connections.close_all()
        database.keep()
        duration, statements = measure(database)
        # From before the first statement to after the last one.
        boundaries = [1 + round(step * statements / max(1, runs // 2 - 1)) for step in range(runs // 2)]
        print(f"{services} 项的版本：发布一次 {statements} 条语句、{duration * 1000:.0f} 毫秒；种子 {seed}")
        outcomes = Counter()
        for run in range(runs):
            database.renew()
            if run % 2 == 0 and boundaries:
                acknowledged = interrupted(before=boundaries.pop())
            else:
                acknowledged = interrupted(after=rng.uniform(0, duration * 1.5))
            try:
                outcomes[judge(acknowledged)] += 1
                repeat()
            except AssertionError as error:
                print(f"第 {run + 1} 次：{error!r}")
                return 1
            connections.close_all()
            if sys.stdout.isatty():
                print(f"\r{run + 1}/{runs}", end="", flush=True)
        counts = "，".join(f"{words} {count}" for words, count in outcomes.items())
        print(f"\n{runs} 次 kill -9 之后：{counts}；没有丢失已确认的发布，没有半个版本，重做都恰好得到一个。")
    return 0


def measure(database) -> tuple[float, int]:
    """Return the seconds from a child's fork to its acknowledgement, and the number of statements of a publication."""
    from django.db import connection, connections

    from catalogue.audit.log import AuditContext
    from catalogue.models import Edition
    from catalogue.workflow import publishing

    said = 0

    def count(execute, sql, parameters, many, context):
        nonlocal said
        said += 1
        return execute(sql, parameters, many, context)

    database.renew()
    with connection.execute_wrapper(count):
        publishing.publish(Edition.objects.get(slug="second"), context=AuditContext(at=own.AT))
    connections.close_all()
    database.renew()
    started = time.perf_counter()
    reader, acknowledge = os.pipe()
    child = os.fork()
    if child == 0:
        publish_and_die(acknowledge, before=None)
    os.read(reader, 64)
    duration = time.perf_counter() - started
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return duration, said


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--services", type=int, default=ALL)
    options.add_argument("--seed", type=int, default=20261123)
    arguments = options.parse_args()
    sys.exit(main(arguments.runs, arguments.services, arguments.seed))
