"""A Django view that does nothing, behind the catalogue's settings and middleware: what Django itself takes."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import urls


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


# The catalogue's own after it: its middleware asks for some of them by name.
urlpatterns = [path("empty", nothing), *urls.urlpatterns]
