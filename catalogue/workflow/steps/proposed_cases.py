"""Changes of cases (案例) by a proposal: what a change is, its faults, and how a draft edition takes it up.

A change names only what it changes, so that a proposal that was overtaken by another edition does not take the later
outcomes of other services back.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from itertools import chain, count

from django.core.exceptions import ValidationError
from django.db import transaction

from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.cases import Case
from catalogue.editions.models import Edition
from catalogue.workflow import cases
from catalogue.workflow.models import Proposal, ProposedCase, ProposedEntry
from services.eligibility import rules as rules_module
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import Rule
from services.text.json_text import canonical_json

Action = ProposedCase.Action
WITHDRAWN = ProposedEntry.Action.WITHDRAW


def case_data(case: Case) -> dict:
    """Return a case as ``make_change()`` and ``apply_change()`` take it."""
    return {name: dict(getattr(case, name)) for name in ("circumstances", "expected", "because")}


def make_change(before: Mapping | None, after: Mapping | None) -> dict | None:
    """Return the columns of the ``ProposedCase`` that turns one ``case_data()`` into another; None if they are equal.

    ``before`` is None for a new case, ``after`` for one that is withdrawn. If the person changes, every outcome is
    stated anew.
    """
    if before == after:
        return None
    if after is None:
        return {"action": Action.WITHDRAW, "circumstances": None, "expected": {}, "because": {}}
    old = before or {"circumstances": None, "expected": {}, "because": {}}
    is_other_person = old["circumstances"] != after["circumstances"]
    changed = {
        code
        for code in old["expected"].keys() | after["expected"].keys()
        if is_other_person
        or (old["expected"].get(code), old["because"].get(code))
        != (after["expected"].get(code), after["because"].get(code))
    }
    return {
        "action": Action.CHANGE if before else Action.ADD,
        "circumstances": dict(after["circumstances"]) if is_other_person else None,
        "expected": {code: after["expected"].get(code) for code in sorted(changed)},
        "because": {code: after["because"][code] for code in sorted(changed & after["because"].keys())},
    }


def apply_change(before: Mapping | None, change: ProposedCase) -> dict:
    """Return the ``case_data()`` of a case after a change that does not withdraw it."""
    old = before or {"circumstances": {}, "expected": {}, "because": {}}
    left_out = {code for code, outcome in change.expected.items() if outcome is None}
    stated = {code: outcome for code, outcome in change.expected.items() if outcome is not None}
    return {
        "circumstances": old["circumstances"] if change.circumstances is None else change.circumstances,
        "expected": {code: outcome for code, outcome in old["expected"].items() if code not in left_out} | stated,
        "because": {code: clause for code, clause in old["because"].items() if code not in left_out} | change.because,
    }


def new_code(case: Mapping, taken: Container[str]) -> str:
    """Return the code of a new case (``case_data()``): the same for the same person and services, unless it is taken.

    It is not counted, so that a dry run and two proposals at once need no common count.
    """
    services = sorted(case["expected"])
    content = canonical_json([case["circumstances"], services]).encode()
    stem = f"{services[0]}-{hashlib.sha256(content).hexdigest()[:8]}"
    return next(code for code in chain([stem], (f"{stem}-{number}" for number in count(2))) if code not in taken)


def store(proposal: Proposal, changes: Mapping[str, Mapping | None]) -> None:
    """Replace what a proposal states of some cases, by code; None takes the change of a case out of the proposal.

    Raises ValidationError for what cannot be stored.
    """
    proposal.cases.filter(code__in=changes).delete()
    rows = [ProposedCase(proposal=proposal, code=code, **change) for code, change in changes.items() if change]
    for row in rows:
        row.full_clean()
        if row.action == Action.ADD and not row.expected:
            raise ValidationError(f"案例 {row.code} 没有写明任何服务项目的结论。")
    ProposedCase.objects.bulk_create(rows)


def services_of(changes: Mapping[str, Mapping | None], base: Edition | None) -> set[str]:
    """Return the codes of the services whose cases these changes touch."""
    withdrawn = [code for code, change in changes.items() if change and change["action"] == Action.WITHDRAW]
    expected = base.cases.filter(code__in=withdrawn).values_list("expected", flat=True) if base and withdrawn else ()
    stated = [change["expected"] for change in changes.values() if change]
    return {code for outcomes in (*expected, *stated) for code in outcomes}


def documents_under(proposal: Proposal, current: Mapping[str, Mapping]) -> dict[str, Mapping]:
    """Return the entries of the list as a proposal makes them; ``current`` are those of now (``entry_data()``)."""
    documents = dict(current)
    for entry in proposal.entries.all():
        if entry.action == WITHDRAWN:
            documents.pop(entry.service, None)
            continue
        if entry.action == ProposedEntry.Action.ADD:
            document = {"name": None, "citations": [], "eligibility": None, **entry.entry_data}
        elif entry.service in current:
            document = merge.apply_change(current[entry.service], entry.entry_data)
        else:
            continue
        # The faults of a rule are told of its entry.
        is_faulty = rules_module.faults(document["eligibility"])
        documents[entry.service] = document | ({"eligibility": None} if is_faulty else {})
    return documents


def faults(proposal: Proposal, base: Edition | None, current: Mapping[str, Mapping]) -> Iterator[tuple[str, str]]:
    """Yield the code of a case and a sentence for each reason why a proposal's changes of cases cannot be submitted.

    ``current`` are the entries of ``base`` as ``entry_data()``, by code. Every stated outcome is that of the rule as
    the proposal makes it, for a clause that the entry then cites.
    """
    changes = list(proposal.cases.all())
    if not changes:
        return
    documents = documents_under(proposal, current)
    codes = [change.code for change in changes]
    present = {case.code: case_data(case) for case in base.cases.filter(code__in=codes)} if base else {}
    for change in changes:
        yield from ((change.code, f"案例 {change.code}：{reason}") for reason in _faults(change, present, documents))


def _faults(change: ProposedCase, present: Mapping[str, Mapping], documents: Mapping[str, Mapping]) -> Iterator[str]:
    before = present.get(change.code)
    if change.action == Action.ADD and before:
        yield "已有这个编号的案例，请移出建议后重新添加。"
    elif change.action != Action.ADD and before is None:
        yield "最后发布的版本中已没有这个案例，请移出建议。"
    elif change.action != Action.WITHDRAW:
        after = apply_change(before, change)
        stated = {code: outcome for code, outcome in change.expected.items() if outcome is not None}
        if not after["expected"]:
            yield "没有留下任何服务项目的结论；不要这个案例的，请撤下。"
        elif stated or change.circumstances is not None:
            raw = {"id": change.code, **after, "expected": stated, "because": change.because}
            reasons = cases.faults(raw, documents)
            yield from reasons or _failures(after["circumstances"], stated, documents)


def _failures(circumstances: Mapping, expected: Mapping, documents: Mapping[str, Mapping]) -> Iterator[str]:
    answers = VOCABULARY.with_implications(circumstances)
    for service, outcome in expected.items():
        actual = Rule(documents[service]["eligibility"]).judge(answers).outcome
        if actual != outcome:
            labels = cases.OUTCOME_LABELS
            yield f"{service} 写的是“{labels[outcome]}”，按享受条件是“{labels[actual]}”；请核对条文，改案例或者改条件。"


@transaction.atomic
def take_up(edition: Edition, proposal: Proposal, *, entries: Mapping[str, Mapping]) -> None:
    """Write the outcomes that were approved with a proposal, and its changes of cases, into a draft edition.

    ``entries`` are those of the edition as ``entry_data()``, by code. Raises DraftError if the draft has no case that
    is changed, or already one that is new; then nothing is written.
    """
    for approval in proposal.approvals.in_force():
        if approval.outcomes:
            cases.apply_outcomes(edition, approval.outcomes, entries=entries)
    _leave_out(edition, {entry.service for entry in proposal.entries.all() if entry.action == WITHDRAWN})
    changes = list(proposal.cases.all())
    present = {case.code: case for case in edition.cases.all()} if changes else {}
    position = max((case.position for case in present.values()), default=0)
    for change in changes:
        case = present.get(change.code)
        if change.action == Action.WITHDRAW:
            # Withdrawn by both, or with its last service: gone as approved.
            if case:
                case.delete()
            continue
        if (case is None) != (change.action == Action.ADD):
            state = "中已没有" if case is None else "中已有"
            reason = f"版本 {edition.slug} {state}案例 {change.code}，不能编入对它的改动。"
            raise drafts.DraftError([sourcing.FieldFault("cases", reason)])
        if case is None:
            position += 1
            case = Case(edition=edition, code=change.code, position=position)
            values = apply_change(None, change)
        else:
            values = apply_change(case_data(case), change)
        for name, value in values.items():
            setattr(case, name, value)
        case.save()


def _leave_out(edition: Edition, services: set[str]) -> None:
    """Leave withdrawn services out of all cases of a draft, those of proposals taken up before included."""
    for case in edition.cases.all() if services else ():
        if services & case.expected.keys():
            case.expected = {code: outcome for code, outcome in case.expected.items() if code not in services}
            case.because = {code: clause for code, clause in case.because.items() if code not in services}
            if case.expected:
                case.save(update_fields=["expected", "because"])
            else:
                case.delete()
