"""Changes of the files of ``fixtures/``."""

import json
from collections.abc import Callable
from pathlib import Path


def change(path: Path, alter: Callable[[dict], object]) -> None:
    """Alter the JSON of a file in place."""
    file = json.loads(path.read_text())
    alter(file)
    path.write_text(json.dumps(file, ensure_ascii=False))
