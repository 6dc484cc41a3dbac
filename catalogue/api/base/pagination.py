"""Page-number pagination of lists, and its parameters."""

from django.core.paginator import InvalidPage
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from catalogue.web.query.parameters import Parameter
from services.faults import Fault, NotFoundError, ProblemCode, bounds

MAX_PAGE_SIZE = 500
PAGE = Parameter("page", "页码，从 1 起", int)
PAGE_SIZE = Parameter("page_size", "每页条数，默认 100，最多 500", int, maximum=MAX_PAGE_SIZE)
PARAMETERS = [PAGE, PAGE_SIZE]


class Pages(PageNumberPagination):
    """Numbered pages in the envelope that every list has; page and size come from ``view.query``."""

    page_size = 100
    page_size_query_param = PAGE_SIZE.name

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        size = view.query.get(self.page_size_query_param, self.page_size)
        paginator = self.django_paginator_class(queryset, size)
        try:
            self.page = paginator.page(view.query.get(PAGE.name, 1))
        except InvalidPage:
            fault = Fault(
                PAGE.name,
                ProblemCode.NO_PAGE,
                f"没有这一页；共 {paginator.num_pages} 页。",
                bounds(1, paginator.num_pages),
            )
            raise NotFoundError(fault.message, fault.code, fault) from None
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

    def get_schema_operation_parameters(self, view):
        # The view declares the parameters.
        return []

    def get_paginated_response_schema(self, schema):
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "description": "列表的一页",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "description": "总数，不只是这一页的"},
                "next": {**link, "description": "下一页的地址；null：没有"},
                "previous": {**link, "description": "上一页的地址；null：没有"},
                "results": {**schema, "description": "这一页的各项"},
            },
        }
