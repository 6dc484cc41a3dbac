"""An empty Django view behind the catalogue's settings and middleware: the cost of Django itself."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import urls


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


# With the catalogue's own URLs, since its middleware reverses some of their names.
urlpatterns = [path("empty", nothing), *urls.urlpatterns]
