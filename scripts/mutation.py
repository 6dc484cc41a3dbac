"""Runs mutants of a module with cosmic-ray, and prints those that its tests do not kill: see docs/contributing.md."""

import ast
import random
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

FOLDER = Path("var/mutation")
SESSION, CONFIG, PREPARED, DATABASE = map(FOLDER.joinpath, ("session", "config", "prepared.sqlite3", "test.sqlite3"))
OPTIONS = "-q -x --ds tests.support.mutation --hypothesis-profile mutation --reuse-db"
TEMPLATE = """
cosmic-ray.module-path = "{}"
cosmic-ray.timeout = 120
cosmic-ray.excluded-modules = []
cosmic-ray.test-command = '''sh -c "{}"'''
cosmic-ray.distributor.name = "local"
"""


def run(command: str) -> None:
    subprocess.run(shlex.split(command), check=True)  # noqa: S603 - our own command


def main(module: str, max_count: str, *tests: str) -> None:
    cosmic_ray, pytest = (
        f"{sys.executable} -m cosmic_ray.cli",
        f"env DEBUG=true .venv/bin/python -m pytest {OPTIONS} {' '.join(tests)}",
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    SESSION.unlink(missing_ok=True)
    run(f"{pytest} --create-db")
    sqlite3.connect(DATABASE).backup(sqlite3.connect(PREPARED))
    # Each mutant has a copy of the loaded catalogue.
    CONFIG.write_text(TEMPLATE.format(module, f"rm -f {DATABASE}-*; cp {PREPARED} {DATABASE}; {pytest}"))
    run(f"{cosmic_ray} init {CONFIG} {SESSION}")

    session = sqlite3.connect(SESSION)
    columns = "start_pos_row, start_pos_col, operator_name, occurrence, job_id"
    # An annotation has no effect at run time.
    nodes = ast.walk(ast.parse(Path(module).read_text()))
    annotations = [
        getattr(node, name) for node in nodes for name in ("annotation", "returns") if getattr(node, name, None)
    ]
    mutants = [
        mutant
        for mutant in sorted(session.execute(f"SELECT {columns} FROM mutation_specs"))  # noqa: S608
        if not any((a.lineno, a.col_offset) <= mutant[:2] < (a.end_lineno, a.end_col_offset) for a in annotations)
    ]
    chosen = random.Random(1).sample(mutants, min(int(max_count), len(mutants)))  # noqa: S311
    session.execute("CREATE TEMP TABLE chosen (job_id)")
    session.executemany("INSERT INTO chosen VALUES (?)", [(job_id,) for *_, job_id in chosen])
    session.execute("DELETE FROM work_items WHERE job_id NOT IN chosen")
    session.execute("DELETE FROM mutation_specs WHERE job_id NOT IN chosen")
    session.commit()
    run(f"{cosmic_ray} exec {CONFIG} {SESSION}")
    survivors = session.execute("SELECT diff FROM work_results WHERE test_outcome != 'KILLED'").fetchall()
    print(*(diff for (diff,) in survivors), sep="\n")
    print(f"{module}: {len(mutants)} mutants, {len(chosen)} run, {len(survivors)} survived")


if __name__ == "__main__":
    main(*sys.argv[1:])
