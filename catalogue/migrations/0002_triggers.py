"""Rules that the database keeps itself, on SQLite and PostgreSQL, whoever writes and by whatever way.

A published edition, the audit log and decisions cannot be changed; what readers see leaves a row in
``catalogue_revisiontoken`` when it changes. SQLite's schema editor drops a table's triggers when it remakes the table: a later
migration that alters one of these tables ends with ``RunPython(create, drop)`` again.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import migrations

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Trigger(NamedTuple):
    """What happens at one action on one table: ``effect`` if ``condition`` holds, or always if there is none.

    ``prelude`` are statements of PL/pgSQL before it; SQLite serialises writers and needs none.
    """

    name: str
    table: str
    timing: str  # BEFORE, AFTER
    action: str  # INSERT, UPDATE, DELETE, TRUNCATE
    effect: dict[str, str]
    condition: str | None = None
    prelude: str = ""
    level: str = "ROW"

    def statements(self, vendor: str) -> Iterator[str]:
        """Yield the statements that create it."""
        effect, head = self.effect[vendor], f"CREATE TRIGGER {self.name} {self.timing} {self.action} ON {self.table}"
        if vendor == SQLITE:
            yield f"{head}{f' WHEN {self.condition}' if self.condition else ''} BEGIN {effect} END"
            return
        body = f"{self.prelude}IF {self.condition} THEN {effect} END IF;" if self.condition else effect
        result = "NULL" if self.level == "STATEMENT" else "OLD" if self.action == "DELETE" else "NEW"
        yield (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {result}; END $$"
        )
        yield f"{head} FOR EACH {self.level} EXECUTE FUNCTION {self.name}()"

    def drop(self, vendor: str) -> Iterator[str]:
        """Yield the statements that remove it."""
        yield f"DROP TRIGGER IF EXISTS {self.name}{'' if vendor == SQLITE else f' ON {self.table}'}"
        if vendor == POSTGRESQL:
            yield f"DROP FUNCTION IF EXISTS {self.name}()"


def refuse(message: str) -> dict[str, str]:
    return {
        SQLITE: f"SELECT RAISE(ABORT, '{message}');",
        POSTGRESQL: f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';",
    }


# Published editions. Each guarded table, and the edition that a row of it (OLD or NEW in place of {row}) belongs to.
EDITION_OF_ENTRY = "(SELECT edition_id FROM catalogue_entry WHERE id = {row}.entry_id)"
GUARDED = {
    "catalogue_edition": "{row}.id",
    "catalogue_entry": "{row}.edition_id",
    "catalogue_fieldverification": EDITION_OF_ENTRY,
    "catalogue_citation": EDITION_OF_ENTRY,
    "catalogue_entry_target_groups": EDITION_OF_ENTRY,
    "catalogue_entry_lead_department_alternatives": EDITION_OF_ENTRY,
    "catalogue_entry_co_departments": EDITION_OF_ENTRY,
    "catalogue_entry_legal_basis": EDITION_OF_ENTRY,
    "catalogue_entry_quoted_sources": EDITION_OF_ENTRY,
}
# Rows that an action is asked about: an update must not move a row into a published edition either.
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}


def is_published(edition: str) -> str:
    return f"EXISTS (SELECT 1 FROM catalogue_edition WHERE id = {edition} AND published_at IS NOT NULL)"


def replaces_sealed(table: str, edition: str, action: str) -> str:
    """Whether SQLite's REPLACE takes a sealed row away, which no DELETE trigger sees while recursive_triggers is off."""
    same = ["sealed.id = NEW.id"]
    if table == "catalogue_edition":
        same += ["sealed.slug = NEW.slug", "(sealed.region_id = NEW.region_id AND sealed.number = NEW.number)"]
    other = " AND sealed.id <> OLD.id" if action == "UPDATE" else ""
    return (
        f"EXISTS (SELECT 1 FROM {table} sealed WHERE ({' OR '.join(same)}) "
        f"AND {is_published(edition.format(row='sealed'))}{other})"
    )


def sealed_editions(vendor: str) -> Iterator[Trigger]:
    """A published edition and its entries cannot be changed; an edition comes into being as a draft."""
    effect = refuse("a published edition cannot be changed")
    for table, edition in GUARDED.items():
        for action, rows in ROWS.items():
            conditions = [is_published(edition.format(row=row)) for row in rows]
            if table == "catalogue_edition":
                # publish() seals the entries before the edition, so only the row that was there is asked about.
                conditions = ["NEW.published_at IS NOT NULL"] if action == "INSERT" else conditions[:1]
            if vendor == SQLITE and action != "DELETE":
                conditions.append(replaces_sealed(table, edition, action))
            # Waits for a publication under way, so that nothing slips in between its seal and its commit.
            wait = "".join(
                f"PERFORM 1 FROM catalogue_edition WHERE id = {edition.format(row=row)} FOR SHARE; " for row in rows
            )
            prelude = "" if table == "catalogue_edition" else wait
            name = f"{table}_sealed_{action.lower()}"
            yield Trigger(name, table, "BEFORE", action, effect, " OR ".join(conditions), prelude)
        if vendor == POSTGRESQL:
            anything = "EXISTS (SELECT 1 FROM catalogue_edition WHERE published_at IS NOT NULL)"
            name = f"{table}_sealed_truncate"
            yield Trigger(name, table, "BEFORE", "TRUNCATE", effect, anything, level="STATEMENT")


def audit_log(vendor: str) -> Iterator[Trigger]:
    """An event is written once."""
    table, effect = "catalogue_event", refuse("the record cannot be changed")
    if vendor == SQLITE:
        replaced = " OR ".join(
            f"kept.{column} = NEW.{column}" for column in ("id", "number", "digest", "previous_digest")
        )
        condition = f"EXISTS (SELECT 1 FROM {table} kept WHERE {replaced})"
        yield Trigger(f"{table}_kept_insert", table, "BEFORE", "INSERT", effect, condition)
    for action in ("UPDATE", "DELETE", *(["TRUNCATE"] if vendor == POSTGRESQL else [])):
        yield Trigger(f"{table}_kept_{action.lower()}", table, "BEFORE", action, effect, level="STATEMENT")


OWN = (
    "NEW.approver_id IN (SELECT proposer_id FROM catalogue_proposal WHERE id = NEW.proposal_id "
    "UNION SELECT user_id FROM catalogue_proposal_editors WHERE proposal_id = NEW.proposal_id "
    "UNION SELECT assessor_id FROM catalogue_assessment WHERE proposal_id = NEW.proposal_id)"
)
DECIDED = "EXISTS (SELECT 1 FROM catalogue_approval WHERE proposal_id = {} AND granted AND revoked_at IS NULL)"
# An approval changes once: it is revoked, by somebody else too, while its proposal is approved and in no edition.
NO_REVOCATION = " OR ".join(
    [
        "OLD.revoked_at IS NOT NULL",
        "NEW.revoked_at IS NULL",
        *(
            f"NEW.{column} IS DISTINCT FROM OLD.{column}"
            for column in ("id", "proposal_id", "granted", "approver_id", "at", "reason", "outcomes")
        ),
        OWN.replace("NEW.approver_id", "NEW.revoked_by_id"),
        "NOT EXISTS (SELECT 1 FROM catalogue_proposal "
        "WHERE id = OLD.proposal_id AND state = 'approved' AND edition_id IS NULL)",
    ]
)
FINAL = "a decision cannot be changed"
ASSESSED = "an assessment cannot be changed"
APPROVED = "what was approved cannot be changed"
# A proposal is decided by somebody else, and what was decided stays: name, table, action, condition, message.
DECISIONS = [
    ("approval_by_another", "approval", "INSERT", OWN, "nobody decides on what they proposed or assessed"),
    (
        "approval_starts_in_force",
        "approval",
        "INSERT",
        "NEW.revoked_at IS NOT NULL",
        "an approval is given, then revoked",
    ),
    ("approval_kept", "approval", "UPDATE", NO_REVOCATION, FINAL),
    ("approval_stays", "approval", "DELETE", None, FINAL),
    (
        "assessment_by_another",
        "assessment",
        "INSERT",
        "NEW.assessor_id IN (SELECT proposer_id FROM catalogue_proposal WHERE id = NEW.proposal_id "
        "UNION SELECT user_id FROM catalogue_proposal_editors WHERE proposal_id = NEW.proposal_id)",
        "nobody assesses what they proposed",
    ),
    (
        "assessment_kept",
        "assessment",
        "UPDATE",
        None,
        ASSESSED,
    ),
    ("assessment_stays", "assessment", "DELETE", DECIDED.format("OLD.proposal_id"), ASSESSED),
    ("proposal_starts_undecided", "proposal", "INSERT", "NEW.state <> 'draft'", "a proposal starts as a draft"),
    (
        "proposal_kept",
        "proposal",
        "UPDATE",
        "NEW.proposer_id <> OLD.proposer_id OR NEW.number <> OLD.number "
        f"OR (NEW.state IN ('approved', 'published') AND NOT {DECIDED.format('OLD.id')})",
        "a proposal is approved by somebody else, and keeps its proposer",
    ),
    (
        "proposal_stays_approved",
        "proposal",
        "UPDATE",
        f"NEW.state NOT IN ('approved', 'published') AND {DECIDED.format('OLD.id')}",
        "a proposal is approved until its approval is revoked",
    ),
    (
        "proposal_stays_ended",
        "proposal",
        "UPDATE",
        "OLD.state IN ('void', 'published') AND NEW.state <> OLD.state",
        "a void or published proposal cannot be used again",
    ),
    (
        "proposal_keeps_its_edition",
        "proposal",
        "UPDATE",
        "NEW.edition_id IS DISTINCT FROM OLD.edition_id "
        f"AND ({is_published('OLD.edition_id')} OR {is_published('NEW.edition_id')})",
        "a published edition keeps its proposals",
    ),
    ("proposal_editors_kept", "proposal_editors", "UPDATE", None, "the editors of a proposal cannot be changed"),
    ("proposal_editors_stay", "proposal_editors", "DELETE", None, "the editors of a proposal cannot be changed"),
    ("proposed_entry_comes_before", "proposedentry", "INSERT", DECIDED.format("NEW.proposal_id"), APPROVED),
    ("proposed_entry_kept", "proposedentry", "UPDATE", DECIDED.format("OLD.proposal_id"), APPROVED),
    ("proposed_entry_stays", "proposedentry", "DELETE", DECIDED.format("OLD.proposal_id"), APPROVED),
    ("proposed_case_comes_before", "proposedcase", "INSERT", DECIDED.format("NEW.proposal_id"), APPROVED),
    (
        "proposed_case_kept",
        "proposedcase",
        "UPDATE",
        f"{DECIDED.format('OLD.proposal_id')} OR {DECIDED.format('NEW.proposal_id')}",
        APPROVED,
    ),
    ("proposed_case_stays", "proposedcase", "DELETE", DECIDED.format("OLD.proposal_id"), APPROVED),
]
BY_ANOTHER = (
    "NOT EXISTS (SELECT 1 FROM catalogue_proposal_editors "
    "WHERE proposal_id = NEW.proposal_id AND user_id = NEW.author_id)"
)
DECISIONS += [
    (
        "figure_reason_by_an_editor",
        "figurereason",
        "INSERT",
        BY_ANOTHER,
        "its editors answer for the figures of a proposal",
    ),
    ("figure_reason_comes_before", "figurereason", "INSERT", DECIDED.format("NEW.proposal_id"), APPROVED),
    (
        "figure_reason_kept",
        "figurereason",
        "UPDATE",
        f"{DECIDED.format('OLD.proposal_id')} OR NEW.proposal_id <> OLD.proposal_id OR {BY_ANOTHER}",
        APPROVED,
    ),
    ("figure_reason_stays", "figurereason", "DELETE", DECIDED.format("OLD.proposal_id"), APPROVED),
]
ANSWER = "an answer is drafted by one person, released by another, and stays"
# What was drafted is what becomes public, and an answered message stays as it is.
UNDRAFTED = " OR ".join(
    [
        "OLD.draft_answer IS NULL",
        *(f"NEW.{column} IS DISTINCT FROM OLD.draft_{column}" for column in ("answer", "summary")),
        "NEW.drafter_id IS DISTINCT FROM OLD.drafter_id",
    ]
)
DECISIONS += [
    ("feedback_starts_unanswered", "feedback", "INSERT", "NEW.state = 'answered'", ANSWER),
    (
        "feedback_answered_as_drafted",
        "feedback",
        "UPDATE",
        f"OLD.state = 'answered' OR (NEW.state = 'answered' AND ({UNDRAFTED}))",
        ANSWER,
    ),
    ("feedback_stays_answered", "feedback", "DELETE", "OLD.state = 'answered'", ANSWER),
]
# The lines and attachments of an assessment come with it, while its proposal waits for one. Its key is the proposal's.
ASSESSING = "EXISTS (SELECT 1 FROM catalogue_proposal WHERE id = NEW.assessment_id AND state = 'assessing')"
for part in ("line", "attachment"):
    table = f"assessment{part}"
    DECISIONS += [
        (f"assessment_{part}_comes_with_it", table, "INSERT", f"NOT {ASSESSING}", ASSESSED),
        (f"assessment_{part}_kept", table, "UPDATE", None, ASSESSED),
        (f"assessment_{part}_stays", table, "DELETE", DECIDED.format("OLD.assessment_id"), ASSESSED),
    ]


def service_codes(vendor: str) -> Iterator[Trigger]:
    """A service's code is permanent, because it is its address."""
    table, effect = "services_service", refuse("the code of a service is permanent")
    yield Trigger(f"{table}_code_kept", table, "BEFORE", "UPDATE", effect, "NEW.code <> OLD.code")


def department_successors(vendor: str) -> Iterator[Trigger]:
    """The days on which departments replace one another ascend along a chain, so that none replaces itself in the end."""
    table, effect = "services_department", refuse("a successor is replaced on a later day, if at all")
    condition = (
        f"EXISTS (SELECT 1 FROM {table} other WHERE "
        "(other.id = NEW.replaced_by_id AND other.replaced_from <= NEW.replaced_from) "
        "OR (other.replaced_by_id = NEW.id AND other.replaced_from >= NEW.replaced_from))"
    )
    # Two of a chain at once would not see each other.
    wait = f"PERFORM 1 FROM {table} WHERE id IN (NEW.id, NEW.replaced_by_id) ORDER BY id FOR NO KEY UPDATE; "
    for action in ("INSERT", "UPDATE"):
        name = f"{table}_ascends_{action.lower()}"
        prelude = f"IF NEW.replaced_by_id IS NOT NULL THEN {wait}END IF; "
        yield Trigger(name, table, "BEFORE", action, effect, condition, prelude)


def decisions(vendor: str) -> Iterator[Trigger]:
    for name, table, action, condition, message in DECISIONS:
        yield Trigger(name, f"catalogue_{table}", "BEFORE", action, refuse(message), condition)


# What readers see and can change, and of which rows: the rows of a published edition itself never change.
READ = {
    "catalogue_edition": "{row}.published_at IS NOT NULL",
    "catalogue_case": "EXISTS (SELECT 1 FROM catalogue_edition WHERE id = {row}.edition_id AND published_at IS NOT NULL)",
} | {
    f"services_{model}": None
    for model in (
        "region",
        "domain",
        "task",
        "department",
        "contact",
        "identifier",
        "targetgroup",
        "source",
        "service",
        "task_services",
        "indicator",
        "indicator_services",
        "observation",
        "observation_services",
        "projectgroup",
        "projectgroup_services",
        "project",
        "project_services",
        "synonym",
        "synonymtarget",
        "topic",
        "topicservice",
    )
}
# The day of a check is public; the other events are read with the edition that they belong to. An event never changes.
CHECKS = ("catalogue_event", "NEW.verb = 'checked'")
# Random: a key may come again, after a change that was taken back.
REVISE = {
    SQLITE: "INSERT INTO catalogue_revisiontoken (token) VALUES (lower(hex(randomblob(16))));",
    POSTGRESQL: "INSERT INTO catalogue_revisiontoken (token) VALUES (md5(random()::text || clock_timestamp()::text));",
}


def revisions(vendor: str) -> Iterator[Trigger]:
    """What readers see leaves a row in ``catalogue_revisiontoken`` when it changes."""
    for table, condition in READ.items():
        for action, rows in ROWS.items():
            seen = " OR ".join(condition.format(row=row) for row in rows) if condition else None
            yield Trigger(f"{table}_revised_{action.lower()}", table, "AFTER", action, REVISE, seen)
    table, condition = CHECKS
    yield Trigger(f"{table}_revised_insert", table, "AFTER", "INSERT", REVISE, condition)


def triggers(vendor: str) -> Iterator[Trigger]:
    """Yield every trigger of this application on a database of a vendor."""
    for subject in (service_codes, department_successors, sealed_editions, audit_log, decisions, revisions):
        yield from subject(vendor)


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    drop(apps, schema_editor)
    for trigger in triggers(vendor):
        for statement in trigger.statements(vendor):
            schema_editor.execute(statement)


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for trigger in triggers(vendor):
        for statement in trigger.drop(vendor):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial"), ("services", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
