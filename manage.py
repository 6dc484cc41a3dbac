#!/usr/bin/env python
"""Django's commands; a wrong environment variable or a wrong Python is one sentence here, not a traceback."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    if not find_spec("django"):
        python = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
        sys.exit(
            f"这个 Python（{sys.executable}）没有装本项目所需的包：请改用 {python} manage.py ……；"
            "还没有 .venv 时，先运行 scripts/serve 或 scripts/test。"
        )
    from config import environment

    environment.default_to_development()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        # Read here for the first time: Django's own reading would end in a traceback.
        settings.INSTALLED_APPS  # noqa: B018
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)
