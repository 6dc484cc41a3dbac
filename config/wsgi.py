"""The WSGI application that Granian serves: the response cache, then limits, then Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

# These imports need Django to be set up.
from django.conf import settings  # noqa: E402

from catalogue.web.cache import ResponseCache  # noqa: E402

# Half of the threads never wait for a request body, so that GET requests are always answered.
application = ResponseCache(django, max_bytes=settings.ANSWERS_BYTES, readers=max(1, settings.THREADS // 2))
