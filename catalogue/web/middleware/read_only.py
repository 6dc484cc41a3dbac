"""A decorator for read-only views outside Django REST framework: only GET and HEAD, and errors become responses."""

from collections.abc import Callable, Mapping
from functools import wraps

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from catalogue.web import problems
from catalogue.web.query.tracking import without_tracking

View = Callable[..., HttpResponse]
Refusal = Callable[[Exception, Mapping], HttpResponse | None]
ALLOWED = "GET, HEAD"


def read_only(refuse: Refusal = problems.handle) -> Callable[[View], View]:
    """Restrict a view to GET and HEAD, and answer OPTIONS with them. What tracks a shared address is taken off it.

    ``refuse`` turns an exception and a context with the request into a response, or returns None: it is raised.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
            try:
                if request.method == "OPTIONS":
                    return HttpResponse(status=204, headers={"Allow": ALLOWED})
                if request.method not in {"GET", "HEAD"}:
                    raise MethodNotAllowed(request.method)
                asked, request.GET = request.GET, without_tracking(request.GET)
                response = view(request, **kwargs)
                if request.GET is not asked:
                    # Each such address is another one to a cache: they would push out what many ask for.
                    response.headers["Cache-Control"] = "private, no-cache"
                return response
            except Exception as exception:
                if isinstance(exception, OperationalError | InterfaceError):
                    connection.close()
                response = refuse(exception, {"request": request})
                if response is None:
                    raise
                if response.status_code == 405:
                    response.headers["Allow"] = ALLOWED
                return response

        return answer

    return decorate
