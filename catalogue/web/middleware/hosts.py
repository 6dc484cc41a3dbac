"""Refuses a request for a host that is not ours before any other code reads it, with one line in the log."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views import defaults

from catalogue.web import problems
from services.faults import ProblemCode

LOGGER = logging.getLogger("django.security.DisallowedHost")
# Characters of the host that are logged; the header may have any length.
MAX_LOGGED = 100
# Load balancers and Kubernetes ask these by the address of the machine.
PROBES = ("/healthz", "/readyz")


class HostMiddleware:
    """Answers 400 for a host that is not in ``ALLOWED_HOSTS``; the probes answer under any name.

    Django would do so later, with a traceback in the log for each request, and under DEBUG with a page of settings.
    """

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            # No probe depends on the host, but Django reads it for every request.
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].strip("*.") or "localhost"
        try:
            request.get_host()
        except DisallowedHost as error:
            return self._refuse(request, error)
        return self.get_response(request)

    def _refuse(self, request: HttpRequest, error: DisallowedHost) -> HttpResponse:
        if problems.for_programs(request):
            response = problems.respond(request, problems.Problem(ProblemCode.UNKNOWN_HOST))
        else:
            # Django's page would replace an invalid cookie, and visitors of a foreign host need no cookie.
            request.META.pop("HTTP_COOKIE", None)
            response = defaults.bad_request(request, error)
        host = request.META.get("HTTP_HOST", "")[:MAX_LOGGED]
        # log_response escapes control characters, and marks the response so that Django does not log it again.
        log_response("Refused host: %s", host, response=response, request=request, logger=LOGGER)
        return response
