"""Entitlements of a person under one edition: its rules, loaded once, and their judgement.

The result depends on the edition and the circumstances only. Circumstances are never stored: they reach no query, no
log, no cache and no error message.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY, Fact
from services.eligibility.questions import next_question
from services.eligibility.rules import OUTCOMES, Rule, Rules, Verdict
from services.faults import Fault, printable

NOT_STATED = "本版本没有写明享受条件。"
DISCLAIMER = {
    "zh-Hans": "以上是根据所填情况和清单所载条件的初步判断，仅供参考；能否享受，以牵头负责单位的认定为准。",
    "en": (
        "This is an indication from the circumstances given and the conditions on the list. The competent department "
        "decides."
    ),
}


class Entitlement(NamedTuple):
    """A service with its rule, and the parts of the answer that do not depend on the person.

    ``service`` is a reference to the service, ``reasons`` has one mapping for each criterion, ``conditions`` one for
    each open criterion, ``note`` says why there is no rule.
    """

    service: dict
    rule: Rule
    reasons: tuple[dict, ...]
    conditions: tuple[dict, ...]
    note: str | None


class Entitlements(NamedTuple):
    """The entitlements of one edition, in the order of its numbers, and its rules, which are judged together."""

    entitlements: tuple[Entitlement, ...]
    rules: Rules

    @classmethod
    def of(cls, documents: Iterable[Mapping]) -> "Entitlements":
        """Return the entitlements of an edition's documents (``entry_document()``)."""
        entitlements = tuple(map(entitlement, documents))
        return cls(entitlements, Rules(entitlement.rule for entitlement in entitlements))


class Judgement(NamedTuple):
    """The verdict on every service judged, the count of each outcome, and the best next question with its worth.

    ``question`` is that of ``services.eligibility.questions.next_question()``.
    """

    verdicts: list[tuple[Entitlement, Verdict]]
    counts: dict[str, int]
    question: tuple[Fact, int] | None


def entitlement(document: Mapping) -> Entitlement:
    """Return the entitlement of a service's document (``entry_document()``)."""
    eligibility = document["eligibility"]
    rule = Rule(eligibility)
    return Entitlement(
        service={key: document[key] for key in ("code", "name", "name_en", "domain", "lead_department")},
        rule=rule,
        reasons=tuple(
            {
                "group": group,
                "fact": criterion.fact,
                "op": criterion.op,
                "value": list(criterion.value) if isinstance(criterion.value, tuple) else criterion.value,
                "citation": citation,
            }
            for criterion, group, citation in zip(
                rule.criteria, rule.group_numbers, _clauses(document, rule), strict=True
            )
        ),
        conditions=tuple(
            {"group": group, "text": raw["open"], "decided_by": raw["decided_by"], "citation": raw["citation"]}
            for raw, group in zip(rule.open_criteria, rule.open_group_numbers, strict=True)
        ),
        note=NOT_STATED if eligibility is None else eligibility["reason"],
    )


def faults(circumstances: Mapping[str, object]) -> Iterator[dict]:
    """Yield the faults of circumstances; a fault never contains a value of the person.

    The list of valid facts is included in the first fault about an unknown fact only.
    """
    fact_names = [fact.name for fact in VOCABULARY]
    for name, value in circumstances.items():
        if name not in VOCABULARY:
            shown = printable(name)
            yield Fault(f"circumstances.{shown}", f"没有事实“{shown}”。", fact_names)
            fact_names = None
        elif fault := VOCABULARY[name].fault(value):
            yield Fault(f"circumstances.{name}", f"{name} {fault}", VOCABULARY[name].allowed())


def judge(
    entitlements: Entitlements, circumstances: Mapping[str, object], codes: Container[str] | None = None
) -> Judgement:
    """Judge valid circumstances (``faults()`` yields nothing) by every rule, or by those of some services. No query."""
    facts = VOCABULARY.with_implications(circumstances)
    verdicts = list(zip(entitlements.entitlements, entitlements.rules.judge(facts), strict=True))
    if codes is not None:
        verdicts = [(entitlement, verdict) for entitlement, verdict in verdicts if entitlement.service["code"] in codes]
    outcomes = [verdict.outcome for _, verdict in verdicts]
    return Judgement(
        verdicts,
        {outcome: outcomes.count(outcome) for outcome in OUTCOMES},
        next_question((entitlement.rule, verdict) for entitlement, verdict in verdicts),
    )


def _clauses(document: Mapping, rule: Rule) -> list[Mapping | None]:
    """Return the citation of each criterion: its own, else the first one for the whole rule."""
    citations = [citation for citation in document["citations"] if citation["field"] == "eligibility"]
    own = {citation["criterion"]: citation for citation in reversed(citations) if "criterion" in citation}
    whole = next((citation for citation in citations if "criterion" not in citation), None)
    return [own.get(number, whole) for number in range(1, len(rule.criteria) + 1)]
