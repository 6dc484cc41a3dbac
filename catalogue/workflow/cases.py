"""Cases (案例): an edition cannot be published while its rules fail one of its cases.

A case is checked against the rules of its edition. A draft copies the cases of its predecessor. If a proposal changes a
rule or withdraws a service, the changed outcomes are shown before it is approved. The outcomes of all cases of the
service are stored with the approval and written into the draft when the proposal is taken up: of two proposals that
change one rule the later wins, for the outcomes as for the rule.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from django.db import transaction

from catalogue.editions import merge
from catalogue.editions.cases import Case
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition
from catalogue.workflow.models import Proposal, ProposedEntry
from services.eligibility import rules as rules_module
from services.eligibility.facts import VOCABULARY
from services.eligibility.open_criteria import open_criteria
from services.eligibility.rules import OUTCOMES, Rule

OUTCOME_LABELS = {"eligible": "符合", "not_eligible": "不符合", "unknown": "未知", None: "不再列入"}


class CaseFailure(NamedTuple):
    """A case that an edition fails: the expected outcome for a service, and the outcome of its rule.

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
    """The outcome of a case before and after a proposal; ``after`` is None if the service is withdrawn."""

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
    """Return the cases of an edition that its current entries fail. Two queries."""
    rules = {
        code: Rule(eligibility)
        for code, eligibility in edition.entries.values_list("service__code", "eligibility").iterator()
    }
    return list(_failures(edition.cases.all(), rules))


def _failures(cases: Iterable[Case], rules: Mapping[str, Rule]) -> Iterator[CaseFailure]:
    for case in cases:
        circumstances = VOCABULARY.with_implications(case.circumstances)
        for service, expected in case.expected.items():
            actual = rules[service].judge(circumstances).outcome if service in rules else None
            if actual != expected:
                yield CaseFailure(case.code, service, expected, actual)


def case_outcomes(proposal: Proposal, base: Edition | None) -> list[Outcome]:
    """Return the outcomes under a proposal of all cases, in ``base``, of the services whose rules it changes.

    ``base`` is the edition that the proposal changes. Empty if it changes no rule and withdraws no service; a faulty
    rule has no outcomes. The outcomes that the proposal states itself are left out. Two queries, and the documents of
    the entries.
    """
    entries = {entry.service: entry for entry in proposal.entries.all() if _changes_rule(entry)}
    if base is None or not entries:
        return []
    documents = {document["code"]: document for document in base.documents() if document["code"] in entries}
    rules_by_code = {}
    for code, document in documents.items():
        entry = entries[code]
        if entry.action == ProposedEntry.Action.WITHDRAW:
            rules_by_code[code] = (None, None, None)
            continue
        changed_entry = merge.apply_change(entry_data(document), entry.entry_data)
        if not rules_module.faults(changed_entry["eligibility"]):
            rules_by_code[code] = (Rule(changed_entry["eligibility"]), *_rule_clause(changed_entry))
    changes = {change.code: change for change in proposal.cases.all()}
    outcomes = []
    for case in base.cases.all():
        change = changes.get(case.code)
        if change and change.action == change.Action.WITHDRAW:
            continue
        for code, before in case.expected.items():
            if code in rules_by_code and not (change and code in change.expected):
                rule, source, locator = rules_by_code[code]
                after = rule and rule.judge(VOCABULARY.with_implications(case.circumstances)).outcome
                outcomes.append(Outcome(case.code, case.circumstances, code, before, after, source, locator))
    return outcomes


def outcomes_under(edition: Edition, service: str, eligibility: Mapping | None) -> list[Outcome]:
    """Return the outcomes of the cases of a service in an edition under another rule, a valid one. One query."""
    rule = Rule(eligibility)
    return [
        Outcome(
            case.code,
            case.circumstances,
            service,
            case.expected[service],
            rule.judge(VOCABULARY.with_implications(case.circumstances)).outcome,
            None,
            None,
        )
        for case in edition.cases.filter(expected__has_key=service)
    ]


def changed_outcomes(proposal: Proposal, base: Edition | None) -> list[Outcome]:
    """Return the outcomes that a proposal changes: those stored with its approval, or else of ``case_outcomes()``."""
    approval = next((row for row in proposal.approvals.all() if row.granted and not row.revoked_at), None)
    if approval is None:
        return [outcome for outcome in case_outcomes(proposal, base) if outcome.is_changed]
    persons = dict(base.cases.values_list("code", "circumstances")) if base else {}
    outcomes = [Outcome(circumstances=persons.get(record["case"], {}), **record) for record in approval.outcomes or ()]
    return [outcome for outcome in outcomes if outcome.is_changed]


def _changes_rule(entry: ProposedEntry) -> bool:
    return entry.action == ProposedEntry.Action.WITHDRAW or (
        entry.action == ProposedEntry.Action.CHANGE and "eligibility" in entry.entry_data
    )


def _rule_clause(entry: Mapping) -> tuple[str | None, str | None]:
    """The source and locator of a citation of the rule; one with a quote is preferred."""
    citations = merge.citations_of(entry, "eligibility")
    best = min(citations, key=lambda citation: citation["quote"] is None, default=None)
    return (best["source"], best["locator"]) if best else (None, None)


def edition_outcome_changes(edition: Edition) -> list[Outcome]:
    """Return the outcomes of the cases that differ between an edition and the one before it. Two queries."""
    cases_after = {case.code: case for case in edition.cases.all()}
    outcomes = []
    for case in edition.previous.cases.all() if edition.previous else ():
        case_after = cases_after.get(case.code)
        for service, before in case.expected.items():
            clause = (case_after and case_after.because.get(service)) or {"source": None, "locator": None}
            outcome = case_after and case_after.expected.get(service)
            outcomes.append(Outcome(case.code, case.circumstances, service, before, outcome, **clause))
    return [outcome for outcome in outcomes if outcome.is_changed]


def _clauses(entry: Mapping) -> Iterator[tuple[str, str | None]]:
    """Yield the source and locator of each citation of an entry (``entry_data()``), open criteria included."""
    criteria = (criterion["citation"] for criterion in open_criteria(entry["eligibility"]))
    yield from ((citation["source"], citation["locator"]) for citation in (*entry["citations"], *criteria))


def outcome_records(outcomes: Iterable[Outcome]) -> list[dict]:
    """Return outcomes as an approval stores them: without the circumstances, which are in the case."""
    return [
        {name: value for name, value in outcome._asdict().items() if name != "circumstances"} for outcome in outcomes
    ]


@transaction.atomic
def apply_outcomes(edition: Edition, outcomes: Iterable[Mapping], *, entries: Mapping[str, Mapping]) -> None:
    """Write approved outcomes (``outcome_records()``) into the cases of a draft edition.

    ``entries`` are those of the edition as ``entry_data()``, by code. The citation is replaced by the proposal's where
    an outcome changed or the old citation is no longer in the entry. A withdrawn service is removed from the cases; a
    case without services is deleted.
    """
    cases_by_code = {case.code: case for case in edition.cases.all()}
    citations = {(code, *clause) for code, entry in entries.items() for clause in _clauses(entry)}
    touched = {}
    for outcome in outcomes:
        case, service = cases_by_code.get(outcome["case"]), outcome["service"]
        if case is None or service not in case.expected:
            continue
        touched[case.code] = case
        if outcome["after"] is None:
            del case.expected[service], case.because[service]
            continue
        before = case.because[service]
        is_cited = (service, before["source"], before["locator"]) in citations
        if case.expected[service] != outcome["after"] or not is_cited:
            case.because[service] = {"source": outcome["source"], "locator": outcome["locator"]}
        case.expected[service] = outcome["after"]
    for case in touched.values():
        if case.expected:
            case.save(update_fields=["expected", "because"])
        else:
            case.delete()


def faults(raw: object, documents: Mapping[str, Mapping]) -> list[str]:
    """Return the faults of a case read from a file as sentences, an empty list if there are none.

    ``documents`` are the entries of its edition as ``entry_data()``, by code. The rules are not evaluated here: see
    ``failures()``.
    """
    if not isinstance(raw, dict) or set(raw) != {"id", "circumstances", "expected", "because"}:
        return ["案例应写明 id、circumstances、expected 和 because。"]
    if not all(isinstance(raw[key], dict) for key in ("circumstances", "expected", "because")):
        return ["circumstances、expected 和 because 应是对象。"]
    reasons = []
    for name, answer in raw["circumstances"].items():
        if name not in VOCABULARY:
            reasons.append(f"没有事实“{name}”。")
        elif fault := VOCABULARY[name].fault(answer):
            reasons.append(f"{name} {fault}")
    if not reasons:
        reasons += [f"没有这样的人：{item.because}" for item in VOCABULARY.contradictions(raw["circumstances"])]
    if not raw["expected"] or set(raw["expected"]) != set(raw["because"]):
        reasons.append("expected 和 because 应写明相同的服务项目，至少一个。")
    for service, outcome in raw["expected"].items():
        if outcome not in OUTCOMES:
            reasons.append(f"{service} 的结论应是 {'、'.join(OUTCOMES)} 之一。")
        if service not in documents:
            reasons.append(f"版本中没有服务项目 {service}。")
            continue
        clause = raw["because"].get(service)
        document = documents[service]
        if clause not in [{"source": source, "locator": locator} for source, locator in _clauses(document)]:
            reasons.append(f"{service} 的依据不在该条目的来源之中。")
    return reasons
