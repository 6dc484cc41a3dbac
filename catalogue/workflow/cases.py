"""Cases (案例) as the gate of publishing: an edition of which a case fails cannot be sealed.

A case is held against the rules of its edition. A draft takes over those of its predecessor; where a proposal changes a
rule or withdraws a service, the outcomes it changes are shown before it is approved. What its rule says of every case
of the service is kept with the approval, and written into the draft when the proposal is taken up: of two proposals
that change one rule the later holds, as it does for the rule itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from django.db import transaction

from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.editions.models import Case, Citation, Edition
from catalogue.workflow.models import Proposal, ProposedEntry
from services.eligibility import rules as rules_module
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import OUTCOMES, Rule

OUTCOME_LABELS = {"eligible": "符合", "not_eligible": "不符合", "unknown": "未知", None: "不再列入"}


class CaseFailure(NamedTuple):
    """A case that an edition does not meet: the outcome expected of a service, and the one its rule gives.

    ``actual`` is None where the service is not in the edition.
    """

    case: str
    service: str
    expected: str
    actual: str | None

    def __str__(self) -> str:
        is_now = f"规则判为“{OUTCOME_LABELS[self.actual]}”" if self.actual else "项目不在本版本中"
        return f"案例 {self.case} 应为“{OUTCOME_LABELS[self.expected]}”，{is_now}。"


class Outcome(NamedTuple):
    """What is expected of a case before and after a proposal: ``after`` is None where it withdraws the service."""

    case: str
    circumstances: Mapping[str, object]
    service: str
    before: str | None
    after: str | None
    source: str | None
    locator: str | None

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def failures(edition: Edition) -> list[CaseFailure]:
    """Return the cases of an edition that its entries, as they stand, do not meet. Two queries."""
    rules = {
        code: Rule(stated) for code, stated in edition.entries.values_list("service__code", "eligibility").iterator()
    }
    return list(_failures(edition.cases.all(), rules))


def _failures(cases: Iterable[Case], rules: Mapping[str, Rule]) -> Iterator[CaseFailure]:
    for case in cases:
        known = VOCABULARY.with_implications(case.circumstances)
        for service, expected in case.expected.items():
            actual = rules[service].judge(known).outcome if service in rules else None
            if actual != expected:
                yield CaseFailure(case.code, service, expected, actual)


def case_outcomes(proposal: Proposal, base: Edition | None) -> list[Outcome]:
    """Return what a proposal's rules say of every case of their services in ``base``, the edition it changes.

    Where it changes no rule and withdraws no service, and where a rule is faulty, that is nothing. One query and the
    entries' documents.
    """
    entries = {each.service: each for each in proposal.entries.all() if _changes_rule(each)}
    if base is None or not entries:
        return []
    documents = {document["code"]: document for document in base.documents() if document["code"] in entries}
    judged = {}
    for code, document in documents.items():
        each = entries[code]
        if each.action == ProposedEntry.Action.WITHDRAW:
            judged[code] = (None, None, None)
            continue
        stated = merge.apply_change(entry_data(document), each.entry_data)
        if not rules_module.faults(stated["eligibility"]):
            judged[code] = (Rule(stated["eligibility"]), *_rule_clause(stated))
    found = []
    for case in base.cases.all():
        for code, before in case.expected.items():
            if code in judged:
                rule, source, locator = judged[code]
                after = rule and rule.judge(VOCABULARY.with_implications(case.circumstances)).outcome
                found.append(Outcome(case.code, case.circumstances, code, before, after, source, locator))
    return found


def changed_outcomes(proposal: Proposal, base: Edition | None) -> list[Outcome]:
    """Return the outcomes that a proposal changes: as it was approved, or else as ``judged_by()`` finds them."""
    approval = next((approval for approval in proposal.approvals.all() if approval.granted), None)
    if approval is None:
        return [outcome for outcome in case_outcomes(proposal, base) if outcome.is_changed]
    persons = dict(base.cases.values_list("code", "circumstances")) if base else {}
    kept = [Outcome(circumstances=persons.get(each["case"], {}), **each) for each in approval.outcomes or ()]
    return [outcome for outcome in kept if outcome.is_changed]


def _changes_rule(each: ProposedEntry) -> bool:
    return each.action == ProposedEntry.Action.WITHDRAW or (
        each.action == ProposedEntry.Action.CHANGE and "eligibility" in each.entry_data
    )


def _rule_clause(stated: Mapping) -> tuple[str | None, str | None]:
    """The source and locator of the clause a rule rests on: one that is quoted before one that is not."""
    cited = merge.citations_of(stated, "eligibility")
    best = min(cited, key=lambda citation: citation["quote"] is None, default=None)
    return (best["source"], best["locator"]) if best else (None, None)


def edition_outcome_changes(edition: Edition) -> list[Outcome]:
    """Return the outcomes in which the cases of an edition differ from those of the one before it. Two queries."""
    after = {case.code: case for case in edition.cases.all()}
    found = []
    for case in edition.previous.cases.all() if edition.previous else ():
        now = after.get(case.code)
        for service, before in case.expected.items():
            clause = (now and now.because.get(service)) or {"source": None, "locator": None}
            outcome = now and now.expected.get(service)
            found.append(Outcome(case.code, case.circumstances, service, before, outcome, **clause))
    return [outcome for outcome in found if outcome.is_changed]


def outcome_records(outcomes: Iterable[Outcome]) -> list[dict]:
    """Return outcomes as an approval keeps them: of each case without the person, whom the case has."""
    return [
        {name: value for name, value in outcome._asdict().items() if name != "circumstances"} for outcome in outcomes
    ]


@transaction.atomic
def apply_outcomes(edition: Edition, outcomes: Iterable[Mapping]) -> None:
    """Write outcomes that were approved (``approved()``) into the cases of a draft edition.

    The proposal's clause stands where an outcome changed, or where the clause before is cited no more. A service that
    is withdrawn leaves the cases, and a case without any service goes with it.
    """
    outcomes = list(outcomes)
    by_code = {case.code: case for case in edition.cases.all()} if outcomes else {}
    services = {outcome["service"] for outcome in outcomes}
    cited = set(
        Citation.objects.filter(entry__edition=edition, entry__service__code__in=services).values_list(
            "entry__service__code", "source__code", "locator"
        )
    )
    touched = {}
    for outcome in outcomes:
        case, service = by_code.get(outcome["case"]), outcome["service"]
        if case is None or service not in case.expected:
            continue
        touched[case.code] = case
        if outcome["after"] is None:
            del case.expected[service], case.because[service]
            continue
        before = case.because[service]
        is_cited = (service, before["source"], before["locator"]) in cited
        if case.expected[service] != outcome["after"] or not is_cited:
            case.because[service] = {"source": outcome["source"], "locator": outcome["locator"]}
        case.expected[service] = outcome["after"]
    for case in touched.values():
        if case.expected:
            case.save(update_fields=["expected", "because"])
        else:
            case.delete()


def faults(raw: object, documents: Mapping[str, Mapping]) -> list[str]:
    """Return what is wrong with a case as a file has it: sentences, an empty list if nothing is.

    ``documents`` are the entries of its edition as ``entry_data()``, by code. What the rules say of it is
    ``failures()``.
    """
    if not isinstance(raw, dict) or set(raw) != {"id", "circumstances", "expected", "because"}:
        return ["案例应写明 id、circumstances、expected 和 because。"]
    if not all(isinstance(raw[key], dict) for key in ("circumstances", "expected", "because")):
        return ["circumstances、expected 和 because 应是对象。"]
    found = []
    for name, answer in raw["circumstances"].items():
        if name not in VOCABULARY:
            found.append(f"没有事实“{name}”。")
        elif fault := VOCABULARY[name].fault(answer):
            found.append(f"{name} {fault}")
    if not found:
        found += [f"没有这样的人：{each.because}" for each in VOCABULARY.contradictions(raw["circumstances"])]
    if not raw["expected"] or set(raw["expected"]) != set(raw["because"]):
        found.append("expected 和 because 应写明相同的服务项目，至少一个。")
    for service, outcome in raw["expected"].items():
        if outcome not in OUTCOMES:
            found.append(f"{service} 的结论应是 {'、'.join(OUTCOMES)} 之一。")
        if service not in documents:
            found.append(f"版本中没有服务项目 {service}。")
            continue
        clause = raw["because"].get(service)
        cited = [{"source": each["source"], "locator": each["locator"]} for each in documents[service]["citations"]]
        if clause not in cited:
            found.append(f"{service} 的依据不在该条目的来源之中。")
    return found
