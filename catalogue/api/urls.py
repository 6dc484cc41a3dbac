"""The URL patterns of the API, below ``/api/``."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from catalogue.api import docs, feedback, root, services, vocabularies
from catalogue.api.editions import assessments, changes, coverage, history
from catalogue.api.editions import views as editions
from catalogue.api.entitlements import facts
from catalogue.api.entitlements import views as entitlements
from catalogue.api.exports import files, term_files

router = SimpleRouter()
router.register("services", services.ServiceViewSet, basename="service")
router.register("editions", editions.EditionViewSet, basename="edition")
router.register("domains", vocabularies.DomainViewSet)
router.register("departments", vocabularies.DepartmentViewSet)
router.register("target-groups", vocabularies.TargetGroupViewSet)
router.register("sources", vocabularies.SourceViewSet)
router.register("indicators", vocabularies.IndicatorViewSet)
router.register("targets", vocabularies.TargetViewSet, basename="target")
router.register("observations", vocabularies.ObservationViewSet)
router.register("tasks", vocabularies.TaskViewSet)
router.register("topics", vocabularies.TopicViewSet)
router.register("projects", vocabularies.ProjectGroupViewSet, basename="project")
router.register("facts", facts.FactViewSet, basename="fact")


def v1(route: str) -> str:
    return rf"^v1/{route}/$"


urlpatterns = [
    path("v1/", root.RootView.as_view(), name="root"),
    path("v1/schema/", docs.SchemaView.as_view(), name="schema"),
    path("v1/openapi.json", docs.SchemaJSONView.as_view(), name="openapi"),
    re_path(
        rf"^v1/services\.(?P<kind>{files.PATTERN})$",
        services.ServiceFileViewSet.as_view({"get": "list"}),
        name="service-files",
    ),
    re_path(
        rf"^v1/services/(?P<code>{services.CODE})\.(?P<kind>{files.PATTERN_OF_ONE})$",
        services.ServiceFileViewSet.as_view({"get": "retrieve"}),
        name="service-file",
    ),
    re_path(
        rf"^v1/(?P<kind>{'|'.join(term_files.KINDS)})/(?P<code>[A-Za-z0-9-]{{1,64}})\.(?P<form>ttl|jsonld)$",
        term_files.TermFileView.as_view(),
        name="term-file",
    ),
    path("v1/context.jsonld", docs.ContextView.as_view(), name="context"),
    re_path(
        v1(rf"services/(?P<code>{services.CODE})/history"),
        history.HistoryViewSet.as_view({"get": "list"}),
        name="service-history",
    ),
    re_path(
        v1(rf"editions/(?P<slug>{editions.SLUG})/content"),
        editions.ContentViewSet.as_view({"get": "retrieve"}),
        name="edition-content",
    ),
    re_path(
        v1(rf"editions/(?P<slug>{editions.SLUG})/changes"),
        editions.ChangesViewSet.as_view({"get": "list"}),
        name="edition-changes",
    ),
    re_path(
        v1(rf"editions/(?P<slug>{editions.SLUG})/cases"),
        editions.CaseViewSet.as_view({"get": "list"}),
        name="edition-cases",
    ),
    re_path(
        v1(rf"editions/(?P<slug>{editions.SLUG})/assessments"),
        assessments.AssessmentViewSet.as_view({"get": "list"}),
        name="edition-assessments",
    ),
    re_path(
        v1(rf"editions/(?P<slug>{editions.SLUG})/rules"),
        editions.RulesViewSet.as_view({"get": "retrieve"}),
        name="edition-rules",
    ),
    path("v1/changes/", changes.FeedViewSet.as_view({"get": "list"}), name="feed"),
    path("v1/coverage/", coverage.CoverageView.as_view(), name="coverage"),
    path("v1/entitlements/", entitlements.EntitlementView.as_view(), name="entitlements"),
    path("v1/feedback/", feedback.FeedbackViewSet.as_view({"get": "list", "post": "create"}), name="feedback"),
    re_path(v1("feedback/(?P<receipt>[^/]+)"), feedback.FeedbackStateView.as_view(), name="feedback-state"),
    path("v1/", include(router.urls)),
    path("docs/", docs.SwaggerView.as_view(url_name="schema"), name="swagger"),
    path("redoc/", docs.RedocView.as_view(url_name="schema"), name="redoc"),
    re_path("", root.not_found),
]
