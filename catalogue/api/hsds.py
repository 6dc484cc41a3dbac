"""The list at the addresses of HSDS 3.1 (Open Referral UK): ``/hsds/services`` and ``/hsds/services/{id}``."""

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from catalogue import addresses, choosing, here, parameters, sealed
from catalogue.api import pagination, schema
from catalogue.api.exports import hsds
from catalogue.api.serializers import CitationSerializer, FieldVerificationSerializer, WithdrawalSerializer
from catalogue.imprint import imprint
from catalogue.models import Edition
from catalogue.telling import WITHDRAWN, standing
from services.models import Service

# The parameters that narrow the list, each with the ids of a service it is compared with.
NARROWED = {"taxonomy_term_id": hsds.term_ids, "organization_id": hsds.organization_ids}
STATUSES = [(hsds.ACTIVE, "在清单中"), (hsds.DEFUNCT, "已取消")]
ADDRESS = "/api/v1/hsds/services"


class ImprintSerializer(serializers.Serializer):
    """Which edition this is, what it rests on, and how it may be used."""

    edition = serializers.CharField()
    title = serializers.CharField()
    effective_from = serializers.DateField()
    published_at = serializers.DateTimeField()
    digest = serializers.CharField()
    source = serializers.CharField()
    licence = serializers.CharField()
    licence_url = serializers.URLField()
    disclaimer = serializers.CharField()


class HsdsOrganizationSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    alternate_name = serializers.CharField(required=False)
    description = serializers.CharField()
    uri = serializers.URLField()


class HsdsTaxonomySerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()


class HsdsTaxonomyTermSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    language = serializers.CharField()
    taxonomy_id = serializers.UUIDField()
    taxonomy_detail = HsdsTaxonomySerializer()
    term_uri = serializers.URLField()


class HsdsAttributeSerializer(serializers.Serializer):
    """A taxonomy term of a service, or in words what the standard has no field for."""

    id = serializers.UUIDField()
    link_id = serializers.UUIDField()
    link_entity = serializers.CharField()
    link_type = serializers.CharField()
    label = serializers.CharField()
    taxonomy_term_id = serializers.UUIDField(required=False)
    taxonomy_term = HsdsTaxonomyTermSerializer(required=False)
    value = serializers.CharField(required=False)


class HsdsFundingSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    service_id = serializers.UUIDField()
    source = serializers.CharField(help_text="支出责任")


class HsdsUrlSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    service_id = serializers.UUIDField()
    label = serializers.CharField()
    url = serializers.URLField()


class HsdsListedServiceSerializer(serializers.Serializer):
    """A service as HSDS lists it. What is unknown is left out."""

    id = serializers.UUIDField(help_text="永久地址（url）的 UUIDv5")
    organization_id = serializers.UUIDField(required=False)
    name = serializers.CharField()
    alternate_name = serializers.CharField(required=False, help_text="英文名称")
    description = serializers.CharField(required=False, help_text="服务内容")
    url = serializers.URLField(help_text="永久地址")
    status = serializers.ChoiceField(choices=STATUSES, help_text="defunct 只在详情中有")
    eligibility_description = serializers.CharField(required=False, help_text="服务对象")
    minimum_age = serializers.IntegerField(required=False, help_text="小于它的不可能符合；周岁")
    maximum_age = serializers.IntegerField(required=False, help_text="大于它的不可能符合；周岁")
    last_modified = serializers.DateTimeField(help_text="所据版本的发布时间")
    organization = HsdsOrganizationSerializer(required=False, help_text="牵头负责单位")
    verification = FieldVerificationSerializer(help_text="标准以外：每个字段的核实情况")


class HsdsServiceSerializer(HsdsListedServiceSerializer):
    """A fully nested HSDS service, with the edition that states it."""

    funding = HsdsFundingSerializer(many=True, required=False)
    attributes = HsdsAttributeSerializer(many=True)
    additional_urls = HsdsUrlSerializer(many=True, required=False, help_text="法律法规依据与所引的文件")
    citations = CitationSerializer(many=True, required=False, help_text="标准以外：每个字段的来源")
    imprint = ImprintSerializer(help_text="标准以外：载有它的版本与许可")
    withdrawal = WithdrawalSerializer(required=False, help_text="标准以外：取消的情况，只有已取消的才有")


class Pages(pagination.Pages):
    """Numbered pages in the envelope of HSDS, with the imprint of their edition."""

    page_size_query_param = "per_page"

    def paginate_queryset(self, queryset, request, view=None):
        self.edition = view.edition
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data):
        paginator = self.page.paginator
        said = hsds.envelope(total=paginator.count, size=len(data), number=self.page.number, pages=paginator.num_pages)
        return Response(said | {"imprint": imprint(self.edition), "contents": data})

    def get_paginated_response_schema(self, schema):
        said = {
            name: {"type": "boolean" if isinstance(value, bool) else "integer"}
            for name, value in hsds.envelope(total=0, size=0).items()
        }
        properties = said | {"imprint": {"$ref": "#/components/schemas/Imprint"}, "contents": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


@extend_schema(tags=["services"])
@extend_schema_view(
    list=extend_schema(
        summary="HSDS 3.1 格式的服务项目清单",
        parameters=[
            *schema.EDITION,
            OpenApiParameter("taxonomy_term_id", OpenApiTypes.UUID, description="只要这一领域或服务对象的项目"),
            OpenApiParameter("organization_id", OpenApiTypes.UUID, description="只要由这一单位牵头的项目"),
        ],
        responses=HsdsListedServiceSerializer(many=True),
    ),
    retrieve=extend_schema(
        summary="HSDS 3.1 格式的一个服务项目；已取消的也答复，status 为 defunct",
        parameters=[*schema.EDITION, OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    ),
)
class ServiceViewSet(parameters.StrictParameters, viewsets.GenericViewSet):
    """Services in the shape of HSDS, as the edition in force states them, or as the edition asked for does."""

    serializer_class = HsdsServiceSerializer
    pagination_class = Pages
    filter_backends = []
    parameters = {
        "list": choosing.PARAMETERS | dict.fromkeys(("page", Pages.page_size_query_param, *NARROWED), False),
        "retrieve": choosing.PARAMETERS,
    }

    def list(self, request) -> Response:
        self.edition, root = choosing.edition(request.query_params), here.root(request)
        documents = narrowed(list(sealed.documents(self.edition).values()), request.query_params, root)
        page = self.paginate_queryset(documents)
        return self.get_paginated_response(
            [hsds.summary(hsds.service(document, edition=self.edition, root=root)) for document in page]
        )

    def retrieve(self, request, id: str) -> Response:
        edition, root = choosing.edition(request.query_params), here.root(request)
        known = Service.objects.values_list("code", flat=True)
        codes = {addresses.identifier(root, addresses.SERVICES, code): code for code in known}
        if id not in codes:
            raise NotFound(f"没有 id 为 {parameters.shown(id)} 的服务项目。可用的见 {ADDRESS}。")
        found = standing(codes[id], edition)
        if found["status"] != WITHDRAWN:
            return Response(hsds.service(found, edition=edition, root=root) | {"imprint": imprint(edition)})
        withdrawal = found["withdrawal"]
        withdrew = Edition.objects.get(slug=withdrawal["edition"])
        service = hsds.service(found, edition=withdrew, root=root, withdrawn=True)
        return Response(service | {"imprint": imprint(found["edition"]), "withdrawal": withdrawal})


def narrowed(documents: list[dict], query: QueryDict, root: str) -> list[dict]:
    """Return the documents a query asks for. Raises InvalidParameters for an id that none of them has."""
    found = documents
    for name, ids in NARROWED.items():
        if name in query:
            asked = parameters.one_of(query, name, sorted({each for one in documents for each in ids(one, root)}))
            found = [document for document in found if asked in ids(document, root)]
    return found
