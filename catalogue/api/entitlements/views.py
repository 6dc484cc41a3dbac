"""Entitlements: the services that a person is entitled to, with reasons.

A request is never stored, logged or cached. An error names the fact and the allowed values, never the value in the
request. An internal error is logged only with its place in the code, because a traceback would hold the circumstances.
"""

import datetime
import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue.api.base import languages, parsers
from catalogue.api.base.openapi import schema
from catalogue.api.entitlements.serializers import MAX_ID, MAX_PERSONS, CircumstancesSerializer, EntitlementSerializer
from catalogue.editions.public import published
from catalogue.editions.public.entitlements import DISCLAIMER, Entitlement, judge
from catalogue.editions.public.published import PublishedEdition
from catalogue.editions.public.results import Surroundings
from catalogue.editions.translation import translate
from catalogue.models import Edition
from catalogue.web import problems
from catalogue.web.permalinks import base_url
from catalogue.web.query import edition_query, parameters
from services.eligibility.circumstances import Person, read_person
from services.eligibility.facts import VOCABULARY
from services.eligibility.questions import Question
from services.eligibility.rules import ENGINE, NOT_ELIGIBLE, OUTCOMES, UNKNOWN, Verdict
from services.eligibility.timing import When, when
from services.faults import Fault, InvalidError, ProblemCode, bounds
from services.models import Topic, TopicService

NO_STORE = {"Cache-Control": "no-store"}
# The keys of a result that can be selected; each has its service.
RESULT_FIELDS = (
    "outcome", "sentence", "reasons", "missing", "conditions", "note", "verification", "when", "benefit", "contact",
    "page",
)  # fmt: skip
FIELDS = parameters.Parameter(
    "fields", "每项结果只要这些字段，例如 outcome,sentence", allowed=RESULT_FIELDS, many=True, explode=False
)
# The keys of a question whose page is not the next one.
SHORT_QUESTION = ("fact", "label", "question", "type", "choices", "group")
# The longest id or relation of a person.
# Query parameters: none of them is about the person.
IN_ADDRESS = [
    parameters.Parameter("outcome", "只要这些结论，例如 eligible,unknown", allowed=OUTCOMES, many=True, explode=False),
    parameters.Parameter("topic", "只判断这些人生事件的服务（见 topics/）", many=True, explode=False),
    parameters.Parameter("reasons", "all：附全部条件；不写则只有起决定作用的", allowed=["all"]),
    FIELDS,
    languages.LANG,
]
EDITION_FIELDS = ("edition", "valid_on", "known_at")
# Lists of codes that narrow what is judged: OR within one, AND between them.
NARROWING = ("services", "domains", "topics")
PERSON = ("circumstances", "unanswered")
HOUSEHOLD = ("household", "persons")
BODY = (*PERSON, *HOUSEHOLD, *EDITION_FIELDS, *NARROWING)

logger = logging.getLogger(__name__)


class EntitlementView(parameters.StrictParameters, APIView):
    """Judges what a person is entitled to. Nothing of the request is stored, logged or cached."""

    parser_classes = [parsers.JSONParser]
    parameters = {None: IN_ADDRESS}

    @extend_schema(
        summary="按所填情况判断能享受哪些服务、为什么、接着问什么",
        tags=["entitlements"],
        request=CircumstancesSerializer,
        responses={200: OpenApiResponse(EntitlementSerializer), **schema.WRITING, **schema.NO_EDITION},
    )
    def post(self, request) -> Response:
        asked = _read_body(parsers.json_object(request))
        language = languages.chosen(request, self.query)
        edition = edition_query.edition_from_query(asked.query)
        answer = _Answer(request, edition, asked, self.query, language).whole()
        headers = NO_STORE | {"Content-Language": language}
        return HttpResponse(orjson.dumps(answer), content_type="application/json", headers=headers)

    def initial(self, request, *args, **kwargs):
        # Checked for every method, and without repeating the name: URLs are logged on their way here.
        if set(request.query_params) - {parameter.name for parameter in IN_ADDRESS}:
            message = "这个地址只有参数 outcome、topic、fields、reasons 和 lang；个人情况请写在请求正文中。"
            raise InvalidError(
                Fault("query", ProblemCode.UNKNOWN_PARAMETER, message, [item.name for item in IN_ADDRESS])
            )
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exception: Exception) -> HttpResponse:
        return problems.handle(exception, {"request": self.request}) or _internal_error(self.request, exception)


class Asked(NamedTuple):
    """A request: the persons by id, the codes by field of ``NARROWING``, the edition query, and the day asked about."""

    persons: list[tuple[str | None, str | None, Person]]
    narrowing: dict[str, list[str]]
    query: dict
    on: datetime.date


def _read_body(body: Mapping) -> Asked:
    """Return what a body asks. Raises InvalidError.

    A null for a field that may be left out means the same as leaving it out.
    """
    faults = parsers.unknown(body, BODY)
    optional = {name: body[name] for name in BODY if body.get(name) is not None}
    faults += [
        Fault(name, ProblemCode.INVALID_TYPE, f"字段 {name} 应是文字（字符串），也可以不写。")
        for name in EDITION_FIELDS
        if name in optional and not (isinstance(optional[name], str) and optional[name])
    ]
    narrowing = {name: optional[name] for name in NARROWING if name in optional}
    faults += [
        Fault(name, ProblemCode.INVALID_TYPE, f"字段 {name} 应是代码的列表，至少一个，也可以不写。")
        for name, codes in narrowing.items()
        if not (isinstance(codes, list) and codes and all(isinstance(code, str) for code in codes))
    ]
    query, on = {}, edition_query.today()
    if not faults:
        texts = MultiValueDict({name: [optional[name]] for name in EDITION_FIELDS if name in optional})
        query = parameters.read(texts, edition_query.PARAMETERS)
        on = query.get("valid_on") or on
    persons, person_faults = _read_persons(optional, on)
    if faults + person_faults:
        raise InvalidError(*faults, *person_faults)
    return Asked(persons, narrowing, query, on)


def _read_persons(body: Mapping, on: datetime.date) -> tuple[list[tuple[str | None, str | None, Person]], list[Fault]]:
    """Return the person of a body, or the persons of a household, each with id and relation, and the faults."""
    if "persons" not in body:
        faults = (
            [Fault("household", ProblemCode.CONFLICT, "household 要和 persons 一起写。")] if "household" in body else []
        )
        circumstances = body.get("circumstances", {})
        if not isinstance(circumstances, dict):
            return [], [
                *faults,
                Fault("circumstances", ProblemCode.INVALID_TYPE, "字段 circumstances 应是一个对象：事实的名称和值。"),
            ]
        person, found = read_person(circumstances, body.get("unanswered"), on=on)
        return [(None, None, person)], faults + found
    household, raw_persons = body.get("household", {}), body["persons"]
    faults = [
        Fault(name, ProblemCode.CONFLICT, f"写了 persons，就不能再写 {name}。") for name in PERSON if name in body
    ]
    if not isinstance(household, dict):
        faults.append(
            Fault("household", ProblemCode.INVALID_TYPE, "字段 household 应是一个对象：全家相同的事实的名称和值。")
        )
    if not isinstance(raw_persons, list) or not 1 <= len(raw_persons) <= MAX_PERSONS:
        code = ProblemCode.OUT_OF_RANGE if isinstance(raw_persons, list) else ProblemCode.INVALID_TYPE
        message = f"字段 persons 应是 1 到 {MAX_PERSONS} 个人的列表。"
        return [], [*faults, Fault("persons", code, message, bounds(1, MAX_PERSONS))]
    persons = []
    for place, raw in enumerate(raw_persons):
        field = f"persons[{place}]"
        circumstances = raw.get("circumstances") if isinstance(raw, dict) else raw
        circumstances = {} if circumstances is None and isinstance(raw, dict) else circumstances
        if not isinstance(circumstances, dict):
            faults.append(
                Fault(
                    field, ProblemCode.INVALID_TYPE, "应是一个对象：id、circumstances，还可以有 relation、unanswered。"
                )
            )
            continue
        allowed = ("id", "relation", *PERSON)
        faults += [fault._replace(field=f"{field}.{fault.field}") for fault in parsers.unknown(raw, allowed)]
        faults += [
            Fault(f"{field}.{name}", ProblemCode.MALFORMED, f"{name} 应是至多 {MAX_ID} 个字的文字。")
            for name in ("id", "relation")
            if not _is_short_text(raw.get(name), optional=name == "relation")
        ]
        told = household | circumstances if isinstance(household, dict) else circumstances
        person, found = read_person(told, raw.get("unanswered"), on=on, prefix=f"{field}.")
        persons.append((raw.get("id"), raw.get("relation"), person))
        shared = {f"{field}.circumstances.{name}": f"household.{name}" for name in told.keys() - circumstances.keys()}
        found = [fault._replace(field=shared.get(fault.field, fault.field)) for fault in found]
        # What is wrong with the household is said once.
        faults += [fault for fault in found if fault not in faults]
    ids = [id_ for id_, _, _ in persons]
    if not faults and len(set(ids)) < len(ids):
        faults.append(Fault("persons", ProblemCode.DUPLICATE, "每个人的 id 应不相同。"))
    return persons, faults


def _is_short_text(value: object, *, optional: bool) -> bool:
    if value is None:
        return optional
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.encode(errors="ignore").decode() == value


def _narrow(
    edition: PublishedEdition, narrowing: Mapping[str, Sequence[str]], topics: Sequence[str] | None
) -> set[str] | None:
    """Return the codes of the services to judge, None for all. Raises InvalidError for an unknown code.

    Two queries if topics are given; the topics themselves, which say something of the person, are not part of it.
    """
    lists = [*narrowing.items(), *([("topic", topics)] if topics else [])]
    services_by_code = {
        "services": lambda: {code: {code} for code in edition.documents},
        "domains": lambda: {
            code: edition.listing.services_with("domain", code) for code in edition.listing.terms["domain"]
        },
        "topics": _services_by_topic,
        "topic": _services_by_topic,
    }
    selected = None
    for name, codes in lists:
        known = services_by_code[name]()
        if not set(codes) <= known.keys():
            raise InvalidError(
                Fault(
                    name,
                    ProblemCode.UNKNOWN_SERVICE if name == "services" else ProblemCode.UNKNOWN_CODE,
                    f"{name} 的值不在可用范围内。",
                    list(known),
                )
            )
        services = set().union(*(known[code] for code in codes))
        selected = services if selected is None else selected & services
    return selected


def _services_by_topic() -> dict[str, set[str]]:
    services = {code: set() for code in Topic.objects.values_list("code", flat=True)}
    for topic, service in TopicService.objects.values_list("topic__code", "service__code"):
        services[topic].add(service)
    return services


class _Answer:
    """The answer to one request, for orjson. Nothing of it is kept."""

    def __init__(self, request: Request, edition: Edition, asked: Asked, query: Mapping, language: str):
        self.asked, self.language = asked, language
        self.published = published.get_published(edition)
        self.codes = _narrow(self.published, asked.narrowing, query.get("topic"))
        self.outcomes = query.get("outcome", OUTCOMES)
        self.translation = self.published.translation(language)
        self.benefits = self.translation.benefits(asked.on)
        self.surroundings = Surroundings(
            edition.contacts,
            self.benefits,
            f"{base_url(request)}{reverse('services')}",
            query.get("reasons") == "all",
            query.get("fields"),
        )

    def whole(self) -> dict:
        """Return the answer: of one person, or of each person of a household."""
        answer = {
            "edition": self.published.reference,
            "disclaimer": translate(DISCLAIMER["en" if self.language == "en" else "zh-Hans"], self.language),
            "engine": ENGINE,
        }
        persons = [
            ({"id": id_, "relation": relation} if id_ is not None else {}) | self._of(person)
            for id_, relation, person in self.asked.persons
        ]
        return answer | ({"persons": persons} if persons[0].get("id") else persons[0])

    def _of(self, person: Person) -> dict:
        judgement = judge(self.published.entitlements, person.answers, self.codes, person.unanswered)
        questions = list(_questions(judgement.questions, self.language))
        expected = [question.fact for question in judgement.questions if question.expected]
        entitlements = self.translation.entitlements
        return {
            "counts": judgement.counts,
            "results": [
                entitlements[entitlement.service["code"]].result(
                    verdict, person.told, self._when(entitlement, verdict, person), self.surroundings
                )
                for entitlement, verdict in judgement.verdicts
                if verdict.outcome in self.outcomes
            ],
            "questions": questions,
            "next_question": questions[0] if questions else None,
            "remaining": {
                "facts": len(expected),
                "pages": len({fact.group for fact in expected}),
            },
            "without_figure": [
                entitlement.service["code"]
                for entitlement, verdict in judgement.verdicts
                if verdict.outcome != NOT_ELIGIBLE
                and not verdict.missing
                and not self.benefits[entitlement.service["code"]].has_figure
            ],
        }

    def _when(self, entitlement: Entitlement, verdict: Verdict, person: Person) -> When | None:
        if verdict.outcome == UNKNOWN:
            return None
        return when(entitlement.rule, person.answers, verdict.outcome, on=self.asked.on, birth_month=person.birth_month)


def _questions(questions: Sequence[Question], language: str) -> Iterator[dict]:
    """Yield the questions; those of the next page whole, the later ones without what only the form for them needs."""
    texts = _questions_of(language)
    group = questions[0].fact.group if questions else None
    for question in questions:
        is_next = question.expected and question.fact.group == group
        whole, short = texts[question.fact.name]
        yield (whole if is_next else short) | {"settles": question.settles}


@cache
def _questions_of(language: str) -> dict[str, tuple[dict, dict]]:
    """Return the question for each fact in a language, whole and short, without the number that it settles."""
    facts = (fact.in_language(language) for fact in VOCABULARY)
    whole = [{"fact": fact.pop("name"), "choices": None, **fact} for fact in facts]
    return {
        question["fact"]: (question, {key: question[key] for key in SHORT_QUESTION} | {"help": None})
        for question in whole
    }


def _internal_error(request: Request, exception: Exception) -> HttpResponse:
    """Answer 500, and log the type of the exception and our lines of its traceback, without its message."""
    places = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(exception.__traceback__))
        if Path(frame.filename).is_relative_to(settings.BASE_DIR / "catalogue")
        or Path(frame.filename).is_relative_to(settings.BASE_DIR / "services")
    )
    logger.error("判断资格时出错：%s，%s", type(exception).__name__, places)
    response = problems.respond(request, problems.Problem(ProblemCode.INTERNAL))
    # Django would log the response again, together with the request.
    response._has_been_logged = True
    return response
