"""Fiscal assessments (财政承受能力评估): what is proposed to be assessed, and what an assessment says.

Money is in yuan as Decimal, in snapshots as text with two places; shares are in per cent.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import ValidationError

from catalogue.accounts import names
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.workflow.models import Assessment, AssessmentAttachment, AssessmentLine, Proposal, ProposedEntry
from services.values import amounts

# How often a standard is paid in a year.
PERIODS = {"month": 12, "year": 1, "once": 1}
# Labels of the levels of government, by the end of the names of their columns.
LEVELS = {"centre": "中央", "region": "自治区", "league": "盟市", "banner": "旗县"}


class StandardChange(NamedTuple):
    """The standard of a service before and after a proposal, as text; None if it has none or it is unknown."""

    service: str
    name: str
    before: str | None
    after: str | None


def store(proposal: Proposal, figures: Mapping, context: AuditContext) -> Assessment:
    """Store the assessment of a proposal with its lines and attachments. Raises ValidationError for invalid figures.

    ``figures`` are the columns of Assessment except assessor and time, with ``lines`` (columns of AssessmentLine, at
    least one) and ``attachments`` (``name`` and ``digest``).
    """
    columns = {name: value for name, value in figures.items() if name not in ("lines", "attachments")}
    assessment = Assessment(proposal=proposal, assessor=context.user, at=context.at, **columns)
    assessment.full_clean()
    if not figures["lines"]:
        raise ValidationError("请至少写一行：受益人数、标准和各级负担。")
    assessment.save(force_insert=True)
    for position, line in enumerate(figures["lines"], start=1):
        _add(AssessmentLine(assessment=assessment, position=position, **line))
    for attachment in figures.get("attachments", ()):
        _add(AssessmentAttachment(assessment=assessment, **attachment))
    return assessment


def _add(row: AssessmentLine | AssessmentAttachment) -> None:
    row.full_clean()
    row.save(force_insert=True)


def snapshot(assessment: Assessment) -> dict:
    """Return an assessment as written to the audit log: its lines, their sums for each level, funding, attachments."""
    lines = list(assessment.lines.all())
    totals, increments = (
        [line.by_level(amount) for line, amount in zip(lines, amounts_of_lines, strict=True)]
        for amounts_of_lines in ([line.total for line in lines], [line.increment for line in lines])
    )
    return {
        "lines": [_line_snapshot(line) for line in lines],
        "total": _money(sum(line.total for line in lines)),
        "increment": _money(sum(line.increment for line in lines)),
        **{f"borne_{level}": _money(sum(row[f"share_{level}"] for row in totals)) for level in LEVELS},
        **{f"added_{level}": _money(sum(row[f"share_{level}"] for row in increments)) for level in LEVELS},
        "funding_source": assessment.funding_source,
        "conclusion": assessment.conclusion,
        "opinion": assessment.opinion,
        "attachments": [{"name": row.name, "digest": row.digest} for row in assessment.attachments.all()],
    }


def _line_snapshot(line: AssessmentLine) -> dict:
    texts = {name: getattr(line, name) for name in ("label", "beneficiaries", "periods", "period")}
    figures = ("old_standard", "new_standard", *AssessmentLine.SHARE_FIELDS, "total", "increment")
    return texts | {name: _money(getattr(line, name)) for name in figures}


def _money(value: Decimal | int) -> str:
    return f"{value:.2f}"


def recorded(proposal: Proposal) -> list[tuple[Event, dict]]:
    """Return every assessment that was made of a proposal, as recorded, the newest first."""
    events = Event.objects.filter(proposal=proposal.number, verb=Event.Verb.ASSESSED)
    events = names.with_actors(events).order_by("-number")
    return [(event, json.loads(event.after)) for event in events]


def standards(proposal: Proposal, current: Mapping[str, Mapping]) -> list[StandardChange]:
    """Return the standards that a proposal changes; ``current`` are the documents that it changes, by code."""
    rows = []
    for entry in proposal.entries.exclude(action=ProposedEntry.Action.WITHDRAW):
        before, after = _before_and_after(entry, current)
        if before.get("standard") != after.get("standard"):
            rows.append(StandardChange(entry.service, after["name"], before.get("standard"), after["standard"]))
    return rows


def proposed_lines(proposal: Proposal, current: Mapping[str, Mapping]) -> list[dict]:
    """Return the columns of a line for each figure in yuan per person that a proposal changes; maybe none.

    The standards are those in force on the proposed day. ``current`` is as for ``standards()``.
    """
    lines = []
    for entry in proposal.entries.exclude(action=ProposedEntry.Action.WITHDRAW):
        before, after = _before_and_after(entry, current)
        old, new = (_yuan_by_label(data.get("amounts") or [], proposal) for data in (before, after))
        lines += [
            {
                "label": label,
                "old_standard": Decimal(old[label]["value"]) if label in old else Decimal(0),
                "new_standard": Decimal(amount["value"]),
                "periods": PERIODS[amount["period"]],
                "period": amount["period"],
            }
            for label, amount in new.items()
            if label not in old or old[label]["value"] != amount["value"]
        ]
    return list({line["label"]: line for line in lines}.values())


def _before_and_after(entry: ProposedEntry, current: Mapping[str, Mapping]) -> tuple[Mapping, Mapping]:
    if entry.action == ProposedEntry.Action.ADD or entry.service not in current:
        return {}, entry.entry_data
    before = entry_data(current[entry.service])
    return before, merge.apply_change(before, entry.entry_data)


def _yuan_by_label(stated: Sequence[Mapping], proposal: Proposal) -> dict[str, Mapping]:
    """Return the amounts that are paid in yuan to a person on the proposed day, by label."""
    return {
        amount["label"]: amount
        for amount in amounts.with_current(stated, proposal.effective_from)
        if amount["current"]
        and amount["unit"] == "元"
        and amount["kind"] in ("payment", "average", "floor")
        and amount["period"] in PERIODS
        and amount["per"] in ("person", None)
    }


def first_figures(proposal: Proposal, current: Mapping[str, Mapping]) -> dict:
    """Return the figures that the form begins with: of the last assessment, with the standards proposed now."""
    lines = proposed_lines(proposal, current)
    last = next((values for _, values in recorded(proposal)), None)
    if last is None:
        return {"lines": lines, "attachments": []}
    by_label = {line["label"]: line for line in lines}
    columns = ("label", "beneficiaries", "periods", "period", "old_standard", "new_standard")
    kept = [
        {name: line[name] for name in (*columns, *AssessmentLine.SHARE_FIELDS)} | by_label.pop(line["label"], {})
        for line in last["lines"]
    ]
    texts = {name: last[name] for name in ("funding_source", "conclusion", "opinion", "attachments")}
    return texts | {"lines": [*kept, *by_label.values()]}
