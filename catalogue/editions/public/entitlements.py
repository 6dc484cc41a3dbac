"""Entitlements of a person under one edition: its rules, loaded once, and their judgement.

The result depends on the edition and the circumstances only. Circumstances are never stored: they reach no query, no
log, no cache and no error message.
"""

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY
from services.eligibility.questions import Question, questions
from services.eligibility.rules import OUTCOMES, Rule, Rules, Verdict

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
    each open criterion, ``label`` is how well the rule is verified, and ``note`` says why there is no rule.
    """

    service: dict
    rule: Rule
    reasons: tuple[dict, ...]
    conditions: tuple[dict, ...]
    label: str | None
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
    """The verdict on every service judged, the count of each outcome, and the questions that are left, best first."""

    verdicts: list[tuple[Entitlement, Verdict]]
    counts: dict[str, int]
    questions: list[Question]


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
        label=document["verification"]["eligibility"],
        note=NOT_STATED if eligibility is None else eligibility["reason"],
    )


def judge(
    entitlements: Entitlements,
    circumstances: Mapping[str, object],
    codes: Container[str] | None = None,
    unanswered: Container[str] = (),
) -> Judgement:
    """Judge valid answers (``services.eligibility.circumstances``) by every rule, or by those of some services.

    The facts of ``unanswered`` are not asked again.
    """
    facts = VOCABULARY.with_implications(circumstances)
    verdicts = list(zip(entitlements.entitlements, entitlements.rules.judge(facts), strict=True))
    if codes is not None:
        verdicts = [(entitlement, verdict) for entitlement, verdict in verdicts if entitlement.service["code"] in codes]
    outcomes = [verdict.outcome for _, verdict in verdicts]
    return Judgement(
        verdicts,
        {outcome: outcomes.count(outcome) for outcome in OUTCOMES},
        questions(((entitlement.rule, verdict) for entitlement, verdict in verdicts), unanswered),
    )


def _clauses(document: Mapping, rule: Rule) -> list[Mapping | None]:
    """Return the citation of each criterion: its own, else the first one for the whole rule."""
    citations = [citation for citation in document["citations"] if citation["field"] == "eligibility"]
    own = {citation["criterion"]: citation for citation in reversed(citations) if "criterion" in citation}
    whole = next((citation for citation in citations if "criterion" not in citation), None)
    return [own.get(number, whole) for number in range(1, len(rule.criteria) + 1)]
