"""One service in every edition."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.serializers import HistorySerializer
from catalogue.editions import changes, diff
from catalogue.editions.changes import SEARCH
from catalogue.editions.public import published
from catalogue.models import Edition, Entry, Event
from catalogue.web.query import parameters
from services.faults import NotFoundError, ProblemCode


@extend_schema(tags=["services"])
@extend_schema_view(list=extend_schema(summary="一个服务项目在每个版本中的样子与变化"))
class HistoryViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """One service in every edition, newest first, with what changed from the one before."""

    queryset = Entry.objects.published()
    serializer_class = HistorySerializer
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request, code: str) -> Response:
        # A damaged edition raises here: whether it has the service is not known either.
        editions = Edition.objects.published().select_related("previous").order_by("effective_from", "number")
        states = [(edition, published.get_published(edition).documents.get(code)) for edition in editions]
        if not any(state for _, state in states):
            raise NotFoundError(f"没有服务项目 {code}；{SEARCH}。", ProblemCode.UNKNOWN_SERVICE)
        recorded = changes.group_by("edition", Event.objects.changes().filter(service=code))
        history, by_edition = [], {edition.pk: after for edition, after in states}
        for edition, after in states:
            # Not the one before it in this order: a sealed edition may have been overtaken by a correction.
            before = by_edition.get(edition.previous_id)
            if before or after:
                compared = diff.compare(before, after) or {"kind": "unchanged", "fields": [], "document": None}
                events = recorded.get(edition.slug, [])
                history.append(
                    changes.serialize_comparison(edition, after or before, compared, events) | {"state": after}
                )
        page = self.paginate_queryset(history[::-1])
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
