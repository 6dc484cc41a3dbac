"""A proposal is decided by somebody else: triggers on both databases refuse what the verbs refuse, for superusers too.

A decision by the proposer or the assessor, an assessment or a proposal that changes hands, a decision that is rewritten,
and a proposal that is approved or published without a granted approval.
"""

from django.db import migrations

OWN = (
    "NEW.approver_id IN (SELECT proposer_id FROM catalogue_proposal WHERE id = NEW.proposal_id "
    "UNION SELECT assessor_id FROM catalogue_assessment WHERE proposal_id = NEW.proposal_id)"
)
DECIDED = "EXISTS (SELECT 1 FROM catalogue_approval WHERE proposal_id = {} AND granted)"
# name: (table, action, condition, message)
RULES = {
    "approval_by_another": ("catalogue_approval", "INSERT", OWN, "nobody decides on what they proposed or assessed"),
    "approval_kept": ("catalogue_approval", "UPDATE", None, "a decision cannot be changed"),
    "approval_stays": ("catalogue_approval", "DELETE", None, "a decision cannot be changed"),
    "assessment_by_another": (
        "catalogue_assessment",
        "INSERT",
        "NEW.assessor_id = (SELECT proposer_id FROM catalogue_proposal WHERE id = NEW.proposal_id)",
        "nobody assesses what they proposed",
    ),
    "assessment_kept": (
        "catalogue_assessment",
        "UPDATE",
        f"NEW.assessor_id <> OLD.assessor_id OR {DECIDED.format('OLD.proposal_id')}",
        "an assessment that was decided on cannot be changed",
    ),
    "assessment_stays": (
        "catalogue_assessment",
        "DELETE",
        DECIDED.format("OLD.proposal_id"),
        "an assessment that was decided on cannot be changed",
    ),
    "proposal_kept": (
        "catalogue_proposal",
        "UPDATE",
        "NEW.proposer_id <> OLD.proposer_id OR NEW.number <> OLD.number "
        f"OR (NEW.state IN ('approved', 'published') AND NOT {DECIDED.format('OLD.id')})",
        "a proposal is approved by somebody else, and keeps its proposer",
    ),
    "proposal_starts_undecided": (
        "catalogue_proposal",
        "INSERT",
        "NEW.state <> 'draft'",
        "a proposal starts as a draft",
    ),
    "proposed_entry_kept": (
        "catalogue_proposedentry",
        "UPDATE",
        DECIDED.format("OLD.proposal_id"),
        "what was approved cannot be changed",
    ),
    "proposed_entry_stays": (
        "catalogue_proposedentry",
        "DELETE",
        DECIDED.format("OLD.proposal_id"),
        "what was approved cannot be changed",
    ),
    "proposed_entry_comes_before": (
        "catalogue_proposedentry",
        "INSERT",
        DECIDED.format("NEW.proposal_id"),
        "what was approved cannot be changed",
    ),
}


def keep(apps, schema_editor):
    release(apps, schema_editor)
    for name, (table, action, condition, message) in RULES.items():
        if schema_editor.connection.vendor == "sqlite":
            when = f"WHEN {condition} " if condition else ""
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
            continue
        refuse = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        body = f"IF {condition} THEN {refuse} END IF; RETURN {'OLD' if action == 'DELETE' else 'NEW'};"
        schema_editor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body if condition else refuse} "
            "END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def release(apps, schema_editor):
    for name, (table, *_) in RULES.items():
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_record_kept")]
    operations = [migrations.RunPython(keep, release)]
