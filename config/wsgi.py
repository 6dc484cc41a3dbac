"""The WSGI application that Granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

# What they import needs Django set up.
from django.conf import settings  # noqa: E402

from catalogue.answers import Answers  # noqa: E402

application = Answers(django, limit=settings.ANSWERS_BYTES)
