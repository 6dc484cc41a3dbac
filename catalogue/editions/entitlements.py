"""What a person is entitled to by one edition: its rules, loaded once, and the judgement of all of them.

The answer depends on the edition and the circumstances alone. Circumstances are judged and forgotten: they reach no
query, no log and no cache, and whatever fails on the way is told without them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY, Fact
from services.eligibility.rules import OUTCOMES, Rule, Rules, Verdict, next_question
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
    """A service with its rule, and what the answer says of them whoever asks.

    ``service`` is a reference to it, ``reasons`` one mapping for each criterion, ``note`` why there is no rule.
    """

    service: dict
    rule: Rule
    reasons: tuple[dict, ...]
    note: str | None


class Entitlements(NamedTuple):
    """What one edition entitles to, in the order of its numbers, and its rules to be judged at once."""

    entitlements: tuple[Entitlement, ...]
    rules: Rules

    @classmethod
    def of(cls, documents: Iterable[Mapping]) -> "Entitlements":
        """Return what the documents of an edition entitle to."""
        entitlements = tuple(map(entitlement, documents))
        return cls(entitlements, Rules(entitlement.rule for entitlement in entitlements))


class Judgement(NamedTuple):
    """What circumstances say of every service of an edition, and the question worth asking next, with its worth."""

    verdicts: list[tuple[Entitlement, Verdict]]
    counts: dict[str, int]
    question: tuple[Fact, int] | None


def entitlement(document: Mapping) -> Entitlement:
    """Return what a service's document (``entry_document()``) entitles to."""
    stated = document["eligibility"]
    rule = Rule(stated)
    return Entitlement(
        service={key: document[key] for key in ("code", "name", "name_en", "domain", "lead_department")},
        rule=rule,
        reasons=tuple(
            {
                "group": place,
                "fact": criterion.fact,
                "op": criterion.op,
                "value": list(criterion.value) if isinstance(criterion.value, tuple) else criterion.value,
                "citation": clause,
            }
            for criterion, place, clause in zip(
                rule.criteria, rule.group_numbers, _clauses(document, rule), strict=True
            )
        ),
        note=NOT_STATED if stated is None else stated["reason"],
    )


def faults(circumstances: Mapping[str, object]) -> Iterator[dict]:
    """Yield what is wrong with circumstances, as faults; no value of them is repeated.

    What facts there are is said once, however many there are not.
    """
    known = [fact.name for fact in VOCABULARY]
    for name, value in circumstances.items():
        if name not in VOCABULARY:
            shown = printable(name)
            yield Fault(f"circumstances.{shown}", f"没有事实“{shown}”。", known)
            known = None
        elif fault := VOCABULARY[name].fault(value):
            yield Fault(f"circumstances.{name}", f"{name} {fault}", VOCABULARY[name].allowed())


def judge(entitlements: Entitlements, circumstances: Mapping[str, object]) -> Judgement:
    """Judge valid circumstances (``faults()`` found none) by every rule. No query."""
    understood = VOCABULARY.with_implications(circumstances)
    verdicts = list(zip(entitlements.entitlements, entitlements.rules.judge(understood), strict=True))
    outcomes = [verdict.outcome for _, verdict in verdicts]
    return Judgement(
        verdicts,
        {outcome: outcomes.count(outcome) for outcome in OUTCOMES},
        next_question((entitlement.rule, verdict) for entitlement, verdict in verdicts),
    )


def _clauses(document: Mapping, rule: Rule) -> list[Mapping | None]:
    """The clause each criterion rests on: its own, else the first that the whole rule rests on."""
    cited = [citation for citation in document["citations"] if citation["field"] == "eligibility"]
    own = {citation["criterion"]: citation for citation in reversed(cited) if "criterion" in citation}
    whole = next((citation for citation in cited if "criterion" not in citation), None)
    return [own.get(place, whole) for place in range(1, len(rule.criteria) + 1)]
