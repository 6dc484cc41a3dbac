"""URLs of the pages for people, of Markdown and ``llms.txt`` for programs, and of the permalinks."""

from django.urls import path

from catalogue.site import redirects, views
from catalogue.site.changes import changes
from catalogue.site.home import home
from catalogue.site.problems import problem, problems
from catalogue.site.services import services

urlpatterns = [
    path("", home, name="home"),
    path("services/", services, name="services"),
    path("services/<slug:code>/", views.service, name="page"),
    path("services/<slug:code>.md", views.markdown, name="markdown"),
    path("changes/", changes, name="changes"),
    path("problems/", problems, name="problems"),
    path("problems/<slug:code>/", problem, name="problem"),
    path("llms.txt", views.llms_txt, name="llms"),
    path("id/<slug:kind>/<slug:code>", redirects.answer, name="permanent"),
]
