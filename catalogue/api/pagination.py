"""Pages of a list."""

from django.core.paginator import InvalidPage
from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from catalogue import parameters

PARAMETERS = {"page": False, "page_size": False}


class Pages(PageNumberPagination):
    """Numbered pages in the envelope of every list."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"
    page_query_description = "页码，从 1 起"
    page_size_query_description = "每页条数，默认 100，最多 500"

    def get_page_size(self, request) -> int:
        return parameters.whole_number(
            request.query_params, self.page_size_query_param, default=self.page_size, most=self.max_page_size
        )

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        number = parameters.whole_number(request.query_params, self.page_query_param, default=1)
        paginator = self.django_paginator_class(queryset, self.get_page_size(request))
        try:
            self.page = paginator.page(number)
        except InvalidPage:
            raise NotFound(f"没有这一页；共 {paginator.num_pages} 页。") from None
        return list(self.page)

    def get_paginated_response(self, data):
        return Response(
            {
                "count": self.page.paginator.count,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema):
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {"count": {"type": "integer"}, "next": link, "previous": link, "results": schema},
        }
