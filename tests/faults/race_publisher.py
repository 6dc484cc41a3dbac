"""Races between publishers and a writer: ``python -m tests.faults.race_publisher``.

On PostgreSQL, under tests/postgres.py. Two processes publish the same draft while a third writes an entry with raw SQL.
In any order, the published edition matches its digest, and is published once.
"""

import argparse
import os
import random
import sys
import time
import traceback
from collections import Counter

from tests.faults import own

INSERT = (
    "INSERT INTO catalogue_entry (edition_id, service_id, number, name, domain_id) "
    "SELECT e.id, s.id, 99, 'smuggled', d.id FROM catalogue_edition e, services_service s, services_domain d "
    "WHERE e.slug = 'second' AND s.code = 'NM-09-99' AND d.code = 'NM-09'"
)
UPDATE = (
    "UPDATE catalogue_entry SET name = 'smuggled' WHERE number = 1 "
    "AND edition_id = (SELECT id FROM catalogue_edition WHERE slug = 'second')"
)


def in_child(work, *, after: float) -> int:
    """Fork a process that waits ``after`` seconds and works; it exits with 0 if done, 1 if refused, 2 if it failed."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            time.sleep(after)
            code = work()
        except BaseException:  # noqa: BLE001 - printed, then the child ends
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def publish() -> int:
    from django.db import OperationalError

    from catalogue.audit.log import AuditContext
    from catalogue.models import Edition
    from catalogue.workflow import publishing

    try:
        publishing.publish(Edition.objects.get(slug="second"), context=AuditContext(at=own.AT))
    except (publishing.NotPublishableError, OperationalError):
        # The publication was refused, or PostgreSQL resolved a deadlock with the writer: nothing was written.
        return 1
    return 0


def smuggle(statement: str) -> int:
    from django.db import DatabaseError, connection, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return 1
    return 0


def main(runs: int, seed: int) -> int:
    rng = random.Random(seed)  # noqa: S311 - seeded, so that a run can be repeated
    with own.database() as database:
        from django.db import connections

        from catalogue.audit import log
        from catalogue.models import Edition, Event
        from catalogue.workflow import publishing
        from services.models import Service

        own.build(services=8)
        Service.objects.create(code="NM-09-99")
        connections.close_all()
        database.keep()
        outcomes = Counter()
        for run in range(runs):
            database.renew()
            statement = (INSERT, UPDATE)[run % 2]
            children = [
                in_child(publish, after=0),
                in_child(publish, after=rng.uniform(0, 0.1)),
                in_child(lambda sql=statement: smuggle(sql), after=rng.uniform(0, 0.1)),
            ]
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            edition = Edition.objects.get(slug="second")
            smuggled = codes[2] == 0
            try:
                assert 2 not in codes, codes
                assert log.verify_chain() == []
                if edition.is_published:
                    assert codes[:2].count(0) == 1, codes
                    assert publishing.verify_edition(edition) == [], publishing.verify_edition(edition)
                    assert Event.objects.filter(edition="second", verb="published").count() == 1
                    assert not smuggled, "written into, and published without a word"
                else:
                    # Both publishers read a change that has no proposal and refused it, or nothing succeeded.
                    assert codes[:2] == [1, 1], codes
                    assert publish() == int(smuggled)
            except AssertionError as error:
                print(f"第 {run + 1} 次：{error!r}")
                return 1
            outcomes["发布了，偷写被拒绝" if edition.is_published else "先被偷写，发布被拒绝"] += 1
            connections.close_all()
        counts = "，".join(f"{words} {count}" for words, count in outcomes.items())
        print(f"{runs} 次竞争：{counts}；没有一次发布了摘要不符的版本，也没有一次发布两回。")
    return 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--seed", type=int, default=20261123)
    arguments = options.parse_args()
    sys.exit(main(arguments.runs, arguments.seed))
