"""The examples of the properties of the OpenAPI document: their first values in real requests and responses.

What no committed edition has, as a withdrawn service or an assessment, is in ``MADE_UP``: nothing there can be taken
for the statement of a document.
"""

from collections.abc import Iterable, Iterator, Mapping

import jsonschema

PERSON = {"birth_month": "1956-05", "residence": "rural", "migrant": False, "household": ["dibao"]}
SOON_65 = {
    "circumstances": {"birth_month": "1962-02", "residence": "rural", "migrant": False}, "valid_on": "2026-11-23",
}  # fmt: skip
CHILD = {"birth_month": "2020-03", "residence": "rural", "migrant": False}
HOUSEHOLD = {
    "household": {"residence": "rural"},
    "persons": [
        {"id": "1", "relation": "祖母", "circumstances": PERSON, "unanswered": ["months_resident"]},
        {"id": "2", "relation": "孙女", "circumstances": CHILD},
    ],
}
VOCABULARIES = (
    "departments", "domains", "editions", "facts", "indicators", "observations", "projects", "services", "sources",
    "target-groups", "targets", "tasks", "topics",
)  # fmt: skip
ENTITLEMENTS = "POST /api/v1/entitlements/"
# Requests beside those of the operations' examples: operation, URL, body. A second page of one has both neighbours.
REQUESTS = [
    *((f"GET /api/v1/{name}/", f"/api/v1/{name}/", None) for name in VOCABULARIES),
    *((f"GET /api/v1/{name}/", f"/api/v1/{name}/?page_size=1&page=2", None) for name in VOCABULARIES),
    ("GET /api/v1/services/", "/api/v1/services/?q=养老&facets=true&expand=citations", None),
    ("GET /api/v1/services/", "/api/v1/services/?domian=NM-05", None),
    ("GET /api/v1/services/{code}/", "/api/v1/services/NM-01-05/", None),
    ("GET /api/v1/services/{code}/", "/api/v1/services/NM-05-01/?valid_on=2036-01-01", None),
    ("GET /api/v1/services/{code}/history/", "/api/v1/services/NM-05-01/history/?page_size=1&page=2", None),
    ("GET /api/v1/editions/{slug}/cases/", "/api/v1/editions/2026/cases/?page_size=1&page=2", None),
    ("GET /api/v1/editions/{slug}/rules/", "/api/v1/editions/2026/rules/", None),
    ("GET /api/v1/changes/", "/api/v1/changes/", None),
    (ENTITLEMENTS, "/api/v1/entitlements/?reasons=all", {"circumstances": PERSON, "unanswered": ["months_resident"]}),
    (ENTITLEMENTS, "/api/v1/entitlements/", HOUSEHOLD | {"edition": "2026", "domains": ["NM-05"]}),
    (ENTITLEMENTS, "/api/v1/entitlements/", SOON_65 | {"services": ["NM-05-01"]}),
    (ENTITLEMENTS, "/api/v1/entitlements/", {"circumstances": CHILD, "services": ["NM-01-06"]}),
    (ENTITLEMENTS, "/api/v1/entitlements/", {"topics": ["having-a-baby"], "known_at": "2026-12-01T00:00:00Z"}),
]
LINE = {
    "label": "示例：城市",
    "beneficiaries": 1000,
    "old_standard": "100.00",
    "new_standard": "110.00",
    "periods": 12,
    "period": "month",
    "total": "1320000.00",
    "increment": "120000.00",
}
BORNE = {"centre": "660000.00", "region": "330000.00", "league": "198000.00", "banner": "132000.00"}
ASSESSMENT = {
    "proposal": 12,
    "title": "示例：提高一项服务标准",
    "services": ["NM-05-01"],
    "conclusion": "affordable",
    "lines": [LINE],
    "total": LINE["total"],
    "increment": LINE["increment"],
    "borne": BORNE,
    "funding_source": "示例：一般公共预算",
    "assessed_at": "2026-12-01T17:00:00+08:00",
}
SUCCESSORS = [{"code": "NM-05-01", "name": "老年人健康管理"}]
WITHDRAWAL = {
    "edition": "2027",
    "effective_from": "2027-01-01",
    "reason": "示例：并入另一项服务",
    "document_number": "示例〔2026〕1号",
    "successors": SUCCESSORS,
}
MADE_UP = {
    **{f"Assessment.{name}": value for name, value in ASSESSMENT.items()},
    **{f"Line.{name}": value for name, value in LINE.items()},
    **{f"Borne.{name}": value for name, value in BORNE.items()},
    **{f"Withdrawal.{name}": value for name, value in WITHDRAWAL.items()},
    "Service.withdrawal": WITHDRAWAL,
    "PaginatedAssessmentList.results": [ASSESSMENT],
    "Change.successors": SUCCESSORS,
    "Change.document_number": WITHDRAWAL["document_number"],
    "History.successors": SUCCESSORS,
    "History.document_number": WITHDRAWAL["document_number"],
    "History.cursor": "120",
    "CurrentAmount.valid_until": "2027-12-31",
    "Department.replaced_by": "dept-1",
    "Department.replaced_from": "2027-01-01",
    "Edition.reissue_of": "2027",
    "Edition.reissued_as": "2027-2",
    "FeedbackRequest.kind": "error",
    "FeedbackRequest.edition": "2026",
    "FeedbackRequest.contact": "示例：电话或邮箱",
}


class PropertyExamples:
    """Collects the examples by the name of the schema and of the property in it (``Service.name``)."""

    def __init__(self, document: Mapping):
        self.document, self.schemas = document, document["components"]["schemas"]
        self.examples = dict(MADE_UP)

    def add_exchange(self, operation: str, body: Mapping | None, response) -> None:
        """Add the values of a request's body and of its response."""
        method, path = operation.split()
        documented = self.document["paths"][path][method.lower()]
        if body is not None:
            self.add(documented["requestBody"]["content"]["application/json"]["schema"], body)
        (content,) = documented["responses"][str(response.status_code)]["content"].values()
        self.add(content["schema"], response.json())

    def add(self, schema: Mapping, value: object, name: str = "") -> None:
        """Add the values of the properties of a value; ``name`` is that of the component or property it is of."""
        for part, part_name in self._parts(schema, value, name):
            for item in value if isinstance(value, list) and "items" in part else ():
                self.add(part["items"], item, part_name)
            for key, content in value.items() if isinstance(value, dict) else ():
                if key in part.get("properties", {}):
                    self._add_property(part["properties"][key], content, f"{part_name}.{key}")
                elif isinstance(part.get("additionalProperties"), Mapping):
                    self.add(part["additionalProperties"], content, part_name)

    def _add_property(self, schema: Mapping, value: object, name: str) -> None:
        # A value says more than null or an empty list.
        if self.examples.get(name) in (None, [], {}):
            self.examples[name] = value
        self.add(schema, value, name)

    def _parts(self, schema: Mapping, value: object, name: str) -> Iterator[tuple[Mapping, str]]:
        """Yield the schemas that a schema is put together of and that a value conforms to, each with its name."""
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            yield from self._parts(self.schemas[name], value, name)
        yield schema, name
        for part in (*schema.get("allOf", ()), *self._fitting(schema.get("oneOf", ()), value)):
            yield from self._parts(part, value, name)

    def _fitting(self, schemas: Iterable[Mapping], value: object) -> Iterator[Mapping]:
        for schema in schemas:
            whole = {**schema, "components": self.document["components"]}
            if jsonschema.Draft202012Validator(whole).is_valid(value):
                yield schema
