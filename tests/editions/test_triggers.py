"""Every trigger refuses or records each statement it is made for: INSERT, UPDATE and DELETE."""

# ruff: noqa: S608 - no input reaches these statements

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from catalogue.audit import log
from catalogue.integrity import triggers
from catalogue.models import (
    Approval,
    Assessment,
    AssessmentAttachment,
    AssessmentLine,
    Edition,
    Entry,
    FigureReason,
    Proposal,
    ProposedCase,
    ProposedEntry,
    RevisionToken,
)
from catalogue.workflow import proposals, publishing
from catalogue.workflow.steps import reversals
from services.models import Department, Service, TargetGroup
from services.sources import Source
from tests.support.entries import ASSESSMENT_FIGURES, ASSESSMENT_LINE, PROPOSED_AT
from tests.support.triggers import without_seal_triggers

MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
ACTIONS = ("insert", "update", "delete")
LINKS = {
    "target_groups": TargetGroup,
    "lead_department_alternatives": Department,
    "co_departments": Department,
    "legal_basis": Source,
    "quoted_sources": Source,
}
# The tables of a published edition, each with the column that refers to the edition or the entry.
SEALED = {"catalogue_edition": "id", "catalogue_entry": "edition_id"} | dict.fromkeys(
    ["catalogue_fieldverification", "catalogue_citation", *(f"catalogue_entry_{field}" for field in LINKS)], "entry_id"
)
RECORD = "catalogue_event"
# The table of the vocabularies' app that is not public: the loaded rows of files.
NOT_SHOWN = {"services_loadedrow"}
SHOWN = sorted({table for table in MODELS if table.startswith("services_")} - NOT_SHOWN)


def execute(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def refused(message: str):
    return pytest.raises(IntegrityError, match=message)


def columns(table: str) -> str:
    return ", ".join(field.column for field in MODELS[table]._meta.concrete_fields if field.column != "id")


@pytest.fixture
def draft_entry(make_edition) -> Entry:
    """An entry of a draft with a row in every related table."""
    entry = make_edition("draft", at=None).entries.get()
    for field, model in LINKS.items():
        getattr(entry, field).add(model.objects.first())
    return entry


@pytest.mark.parametrize("change", ["insert", "update out of it", "update into it", "delete"])
@pytest.mark.parametrize("table", SEALED)
def test_a_published_edition_cannot_be_changed_by_sql(published_entry, draft_entry, table, change):
    owner = SEALED[table]
    published, draft = (
        entry.pk if owner == "entry_id" else entry.edition_id for entry in (published_entry, draft_entry)
    )
    statement = {
        "insert": f"INSERT INTO {table} ({columns(table)}) "
        f"SELECT {columns(table)} FROM {table} WHERE {owner} = {published} LIMIT 1",
        "update out of it": f"UPDATE {table} SET {owner} = {draft} WHERE {owner} = {published}",
        "update into it": f"UPDATE {table} SET {owner} = {published} WHERE {owner} = {draft}",
        "delete": f"DELETE FROM {table} WHERE {owner} = {published}",
    }[change]
    if table == "catalogue_edition" and change.startswith("update"):
        # An update may publish a draft, but may not turn a published edition back into one.
        statement = f"UPDATE {table} SET published_at = NULL, digest = NULL WHERE id = {published}"

    with refused("published edition cannot be changed"), transaction.atomic():
        execute(statement)


@pytest.mark.parametrize("table", [*SEALED, RECORD])
def test_sealed_tables_and_the_audit_log_cannot_be_truncated(db, table):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE: a DELETE without condition is one")

    with refused("cannot be changed"), transaction.atomic():
        execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("statement", [f"UPDATE {RECORD} SET number = number", f"DELETE FROM {RECORD}"])
@pytest.mark.parametrize("rows", ["", " WHERE number = 1"])
def test_the_audit_log_cannot_be_rewritten(db, statement, rows):
    with refused("the record cannot be changed"), transaction.atomic():
        execute(statement + rows)


@pytest.mark.parametrize("taken", ["id", "number", "digest", "previous_digest"])
def test_an_event_cannot_replace_another(db, taken):
    """With recursive_triggers OFF, as in the sqlite3 shell, REPLACE removes the other row without DELETE triggers."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows REPLACE")
    unique = {
        "id": "id + 100000",
        "number": "number + 100000",
        "digest": f"'{'0' * 64}'",
        "previous_digest": f"'{'1' * 64}'",
    }
    values = ", ".join((unique | {taken: taken}).get(name, name) for name in ["id", *columns(RECORD).split(", ")])
    execute("PRAGMA recursive_triggers=OFF")
    try:
        with refused("the record cannot be changed"), transaction.atomic():
            row = f"SELECT {values} FROM {RECORD} WHERE number = 7"
            execute(f"INSERT OR REPLACE INTO {RECORD} (id, {columns(RECORD)}) {row}")
    finally:
        execute("PRAGMA recursive_triggers=ON")


class Decision(NamedTuple):
    """A ``change(proposal, people)`` that a trigger refuses for a proposal in the state ``to``."""

    trigger: str
    to: str
    change: Callable[[Proposal, dict], object]
    message: str


def rows(model: type, proposal: Proposal):
    return model.objects.filter(proposal=proposal)


def insert_copy(proposal: Proposal, state: str) -> None:
    proposal.pk, proposal.number, proposal.state = None, proposal.number + 1, state
    proposal.save(force_insert=True)


def approve(proposal: Proposal, approver) -> None:
    Approval.objects.create(proposal=proposal, granted=True, approver=approver, at=PROPOSED_AT)


def assess(proposal: Proposal, assessor) -> None:
    Assessment.objects.create(
        proposal=proposal, assessor=assessor, at=PROPOSED_AT, funding_source="预算", conclusion="affordable"
    )


def parts(model: type, proposal: Proposal):
    return model.objects.filter(assessment=proposal.pk)


def add_line(proposal: Proposal) -> None:
    AssessmentLine.objects.create(assessment_id=proposal.pk, position=9, **ASSESSMENT_LINE | {"label": "另一行"})


def attach(proposal: Proposal) -> None:
    AssessmentAttachment.objects.create(assessment_id=proposal.pk, name="报告.pdf", digest="0" * 64)


def revoke(proposal: Proposal, user, **changes: object) -> None:
    reason, at = ("更正", PROPOSED_AT) if user else (None, None)
    rows(Approval, proposal).update(revoked_by=user, revoked_at=at, revoked_reason=reason, **changes)


def revoked_from_the_start(proposal: Proposal, people: dict) -> None:
    Approval.objects.create(
        proposal=proposal, granted=True, approver=people["zhao"], at=PROPOSED_AT, revoked_by=people["root"],
        revoked_at=PROPOSED_AT, revoked_reason="更正",
    )  # fmt: skip


def set_edition(slug: str | None) -> Callable[[Proposal, dict], object]:
    edition = slug and Edition.objects.filter(slug=slug)
    return lambda p, people: Proposal.objects.filter(pk=p.pk).update(edition=edition and edition.get())


def set_state(state: str) -> Callable[[Proposal, dict], object]:
    return lambda p, people: Proposal.objects.filter(pk=p.pk).update(state=state)


def editors(proposal: Proposal):
    return Proposal.editors.through.objects.filter(proposal=proposal)


def explain(proposal: Proposal, user) -> FigureReason:
    return FigureReason.objects.create(
        proposal=proposal, service="NM-01-07", field="standard", value="一", figures=["1"], reason="说明", author=user,
        at=PROPOSED_AT,
    )  # fmt: skip


def propose_case(proposal: Proposal) -> ProposedCase:
    return ProposedCase.objects.create(proposal=proposal, code="NM-05-01-65", action="withdraw")


def move_case_to(proposal: Proposal) -> None:
    """Move the change of a case out of a draft into an approved proposal."""
    draft = Proposal.objects.get(pk=proposal.pk)
    insert_copy(draft, "draft")
    rows(ProposedCase, propose_case(draft).proposal).update(proposal=proposal)


OWN, ELSE = "nobody decides on what they proposed", "approved by somebody else, and keeps its proposer"
DECIDED, ASSESSED, APPROVED = (
    "a decision cannot",
    "an assessment cannot be changed",
    "what was approved cannot",
)
KEPT = "the editors of a proposal cannot be changed"
# wang proposes, li assesses, zhao approves.
DECISIONS = [
    Decision("approval_by_another", "approving", lambda p, people: approve(p, people["wang"]), OWN),
    Decision("approval_by_another", "approving", lambda p, people: approve(p, people["li"]), OWN),
    Decision("approval_kept", "approved", lambda p, people: rows(Approval, p).update(reason="改"), DECIDED),
    Decision("approval_kept", "approved", lambda p, people: revoke(p, people["wang"]), DECIDED),
    Decision("approval_kept", "approved", lambda p, people: revoke(p, people["li"]), DECIDED),
    Decision("approval_kept", "approved", lambda p, people: revoke(p, people["root"], reason="改"), DECIDED),
    Decision(
        "approval_kept", "approved", lambda p, people: revoke(p, people["root"], approver=people["root"]), DECIDED
    ),
    Decision("approval_kept", "approved", lambda p, people: revoke(p, people["root"], outcomes=[1]), DECIDED),
    Decision("approval_kept", "included", lambda p, people: revoke(p, people["root"]), DECIDED),
    Decision("approval_kept", "revoked", lambda p, people: revoke(p, people["root"]), DECIDED),
    Decision("approval_kept", "revoked", lambda p, people: revoke(p, None), DECIDED),
    Decision(
        "approval_starts_in_force", "approving", lambda p, people: revoked_from_the_start(p, people), "given, then"
    ),
    Decision("proposal_stays_approved", "approved", set_state("approving"), "until its approval is revoked"),
    Decision("proposal_stays_approved", "approved", set_state("draft"), "until its approval is revoked"),
    Decision("proposal_stays_ended", "void", set_state("draft"), "cannot be used again"),
    Decision("proposal_stays_ended", "published", set_state("approved"), "cannot be used again"),
    Decision("proposal_keeps_its_edition", "published", set_edition(None), "keeps its proposals"),
    Decision("proposal_keeps_its_edition", "included", set_edition("2026"), "keeps its proposals"),
    Decision("proposal_kept", "revoked", set_state("approved"), ELSE),
    Decision("approval_stays", "revoked", lambda p, people: rows(Approval, p).delete(), DECIDED),
    Decision("approval_stays", "approved", lambda p, people: rows(Approval, p).delete(), DECIDED),
    Decision("assessment_by_another", "assessing", lambda p, people: assess(p, people["wang"]), "nobody assesses"),
    Decision(
        "assessment_kept", "approving", lambda p, people: rows(Assessment, p).update(assessor=people["root"]), ASSESSED
    ),
    Decision(
        "assessment_kept", "approving", lambda p, people: rows(Assessment, p).update(conclusion="staged"), ASSESSED
    ),
    *(
        Decision("assessment_line_comes_with_it", to, lambda p, people: add_line(p), ASSESSED)
        for to in ("approving", "approved", "published")
    ),
    *(
        Decision("assessment_attachment_comes_with_it", to, lambda p, people: attach(p), ASSESSED)
        for to in ("approving", "approved", "published")
    ),
    Decision(
        "assessment_line_kept",
        "approving",
        lambda p, people: parts(AssessmentLine, p).update(beneficiaries=1),
        ASSESSED,
    ),
    Decision("assessment_line_stays", "approved", lambda p, people: parts(AssessmentLine, p).delete(), ASSESSED),
    Decision(
        "assessment_attachment_kept",
        "attached",
        lambda p, people: parts(AssessmentAttachment, p).update(digest="1" * 64),
        ASSESSED,
    ),
    Decision(
        "assessment_attachment_stays",
        "attached-approved",
        lambda p, people: parts(AssessmentAttachment, p).delete(),
        ASSESSED,
    ),
    Decision("assessment_stays", "approved", lambda p, people: rows(Assessment, p).delete(), ASSESSED),
    Decision(
        "proposal_kept",
        "draft",
        lambda p, people: Proposal.objects.filter(pk=p.pk).update(proposer=people["root"]),
        ELSE,
    ),
    Decision("proposal_kept", "draft", lambda p, people: Proposal.objects.filter(pk=p.pk).update(number=99), ELSE),
    Decision("proposal_kept", "approving", set_state("approved"), ELSE),
    Decision("proposal_kept", "approving", set_state("published"), ELSE),
    Decision("proposal_starts_undecided", "draft", lambda p, people: insert_copy(p, "approved"), "starts as a draft"),
    Decision("proposal_starts_undecided", "draft", lambda p, people: insert_copy(p, "approving"), "starts as a draft"),
    Decision(
        "proposed_entry_kept",
        "approved",
        lambda p, people: rows(ProposedEntry, p).update(entry_data={"note": "改"}),
        APPROVED,
    ),
    Decision("proposed_entry_stays", "approved", lambda p, people: rows(ProposedEntry, p).delete(), APPROVED),
    Decision("proposed_entry_stays", "approved", lambda p, people: p.delete(), "cannot be changed"),
    Decision(
        "proposed_entry_comes_before",
        "approved",
        lambda p, people: ProposedEntry.objects.create(proposal=p, service="NM-09-09", action="withdraw"),
        APPROVED,
    ),
    Decision("proposed_case_comes_before", "approved", lambda p, people: propose_case(p), APPROVED),
    Decision(
        "proposed_case_kept",
        "with-case",
        lambda p, people: rows(ProposedCase, p).update(expected={"NM-05-01": "unknown"}),
        APPROVED,
    ),
    Decision("proposed_case_kept", "approved", lambda p, people: move_case_to(p), APPROVED),
    Decision("proposed_case_stays", "with-case", lambda p, people: rows(ProposedCase, p).delete(), APPROVED),
    Decision("figure_reason_by_an_editor", "draft", lambda p, people: explain(p, people["root"]), "its editors answer"),
    Decision("approval_by_another", "edited", lambda p, people: approve(p, people["root"]), OWN),
    Decision("assessment_by_another", "edited", lambda p, people: assess(p, people["root"]), "nobody assesses"),
    Decision("proposal_editors_kept", "edited", lambda p, people: editors(p).update(user=people["zhao"]), KEPT),
    Decision("proposal_editors_stay", "edited", lambda p, people: editors(p).delete(), KEPT),
    Decision("figure_reason_comes_before", "approved", lambda p, people: explain(p, people["wang"]), APPROVED),
    Decision("figure_reason_kept", "explained", lambda p, people: rows(FigureReason, p).update(reason="改"), APPROVED),
    Decision("figure_reason_stays", "explained", lambda p, people: rows(FigureReason, p).delete(), APPROVED),
    Decision(
        "figure_reason_kept",
        "explained-draft",
        lambda p, people: rows(FigureReason, p).update(author=people["root"]),
        APPROVED,
    ),
]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: f"{decision.trigger}-{decision.to}")
def test_a_decision_on_ones_own_proposal_or_a_change_of_one_is_refused(
    make_proposal, next_edition, act, people, decision
):
    steps = {
        "included": [lambda: proposals.include_in_edition(proposal, next_edition, context=act("root"))],
        "revoked": [lambda: reversals.revoke_approval(proposal, context=act("root", "更正"))],
        "void": [lambda: reversals.void(proposal, context=act(reason="不再需要"))],
        "edited": [lambda: proposal.editors.add(people["root"])],
    }
    attached = ASSESSMENT_FIGURES | {"attachments": [{"name": "报告.pdf", "digest": "0" * 64}]}
    steps["attached"] = [lambda: proposals.assess(proposal, figures=attached, context=act("li"))]
    steps["attached-approved"] = [*steps["attached"], lambda: proposals.approve(proposal, context=act("zhao"))]
    steps["published"] = [*steps["included"], lambda: publishing.publish(next_edition, context=act("root"))]
    before = {
        "included": "approved",
        "revoked": "approved",
        "void": "draft",
        "published": "approved",
        "edited": "assessing",
        "attached": "assessing",
        "attached-approved": "assessing",
    }
    if decision.to.startswith("explained"):
        proposal = make_proposal()
        explain(proposal, people["wang"])
        if decision.to == "explained":
            proposals.submit(proposal, context=act())
            proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
            proposals.approve(proposal, context=act("zhao"))
    elif decision.to == "with-case":
        code = next_edition.cases.filter(expected__has_key="NM-05-01").first().code
        change = {"action": "withdraw", "circumstances": None, "expected": {}, "because": {}}
        proposal = make_proposal(to="approved", case_changes={code: change})
    else:
        proposal = make_proposal(to=before.get(decision.to, decision.to))
    for step in steps.get(decision.to, ()):
        step()
    for user in people.values():  # superusers are refused too
        user.is_superuser = True
        user.save()

    with refused(decision.message), transaction.atomic():
        decision.change(proposal, people)


def test_a_service_keeps_its_code(db):
    with refused("the code of a service is permanent"), transaction.atomic():
        Service.objects.filter(code="NM-05-01").update(code="NM-05-99")


def token_changes(table: str, where: str) -> dict[str, bool]:
    """Update, delete and reinsert a row; return for each action whether the revision token changed."""
    execute(f"CREATE TEMPORARY TABLE taken_away AS SELECT * FROM {table} WHERE {where}")
    statements = {
        "update": f"UPDATE {table} SET id = id WHERE {where}",
        "delete": f"DELETE FROM {table} WHERE {where}",
        "insert": f"INSERT INTO {table} SELECT * FROM taken_away",
    }
    changed_by_action = {}
    for action, statement in statements.items():
        before = RevisionToken.objects.current_token()
        assert execute(statement) == 1
        changed_by_action[action] = RevisionToken.objects.current_token() != before
    execute("DROP TABLE taken_away")
    connection.check_constraints()
    return changed_by_action


@pytest.mark.parametrize("table", SHOWN)
def test_every_change_of_a_vocabulary_row_changes_the_token(db, table):
    assert token_changes(table, f"id = {MODELS[table].objects.first().pk}") == dict.fromkeys(ACTIONS, True)


def test_a_change_of_an_edition_changes_the_token_once_it_is_published(make_edition):
    draft = make_edition("draft", "2027-01-01", at=None, entries=[])
    published = Edition.objects.get(slug="2026")

    assert token_changes("catalogue_edition", f"id = {draft.pk}") == dict.fromkeys(ACTIONS, False)
    with without_seal_triggers():
        assert token_changes("catalogue_edition", f"id = {published.pk}") == dict.fromkeys(ACTIONS, True)


@pytest.mark.parametrize(("verb", "changes"), [("checked", True), ("commented", False)])
def test_a_check_that_is_recorded_changes_the_token(db, verb, changes):
    before = RevisionToken.objects.current_token()

    log.append(log.AuditContext(at=timezone.now()), [{"verb": verb, "edition": "2026", "service": "NM-05-01"}])

    assert (RevisionToken.objects.current_token() != before) == changes


def test_every_trigger_is_executed_by_a_test():
    """Those of cases are executed in ``test_revisions``, of feedback and departments in the tests of their names."""
    executed = {(table, f"{table}_sealed_{action}") for table in SEALED for action in ACTIONS}
    executed |= {(table, f"{table}_revised_{action}") for table in [*SHOWN, "catalogue_edition"] for action in ACTIONS}
    executed |= {("catalogue_case", f"catalogue_case_revised_{action}") for action in ACTIONS}
    executed.add((RECORD, f"{RECORD}_revised_insert"))
    executed.add(("services_service", "services_service_code_kept"))
    executed |= {("services_department", f"services_department_ascends_{action}") for action in ("insert", "update")}
    executed |= {
        ("catalogue_feedback", f"feedback_{rule}")
        for rule in ("starts_unanswered", "answered_as_drafted", "stays_answered")
    }
    if connection.vendor == "sqlite":
        executed |= {(RECORD, f"{RECORD}_kept_{action}") for action in ACTIONS}
    else:
        executed |= {(table, f"{table}_sealed_truncate") for table in SEALED} | {
            (RECORD, f"{RECORD}_kept_{action}") for action in ("update", "delete", "truncate")
        }
    decisions = {decision.trigger for decision in DECISIONS}

    expected = triggers.expected().keys()
    assert {key for key in expected if key[1] not in decisions} == executed
    assert decisions <= {name for _, name in expected}
