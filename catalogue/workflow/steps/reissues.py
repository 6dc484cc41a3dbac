"""Reissues (重新发布): a sealed edition is published again, because another one came into force before it.

An urgent correction follows the edition in force, and comes into force before an edition that is sealed already and
knows nothing of it. That edition stays as it was sealed. Another one takes its place from the same day: the correction
with what the sealed edition changed, field by field (``merge.merge_later()``); so the next one after it, if there is.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.cases import Case
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition
from catalogue.workflow.steps.proposed_cases import case_data
from services.models import Domain, Service
from services.vocabularies import Terms

MAX_SLUG = Edition._meta.get_field("slug").max_length


class Merged(NamedTuple):
    """The entries of a reissue by code, and each (service, field) that the correction and the sealed one change."""

    entries: dict[str, dict]
    both: list[tuple[str, str]]


def next_sealed(edition: Edition) -> Edition | None:
    """Return the published edition that follows the one that an edition follows, too; None if there is none.

    For a reissue it is the one that followed the edition whose place it takes. Editions that were published again do
    not count.
    """
    shared = edition.reissue_of or edition.previous
    followers = shared.followers.published().filter(reissue=None).exclude(pk=edition.pk) if shared else ()
    return next(iter(followers), None)


def overtaken(edition: Edition) -> list[Edition]:
    """Return the sealed editions that are published again with an edition, one after another; usually none."""
    line, sealed = [], next_sealed(edition)
    while sealed:
        line.append(sealed)
        sealed = sealed.followers.published().filter(reissue=None).first()
    return line


def previous_fault(edition: Edition, *, from_fixtures: bool = False) -> str | None:
    """Return why a draft edition cannot follow the one before it, or None.

    It follows the one sealed last; an urgent correction follows the one in force, and comes into force before the next.
    """
    previous = edition.previous
    if previous is None or edition.reissue_of:
        return None
    if again := Edition.objects.filter(reissue_of=previous).first():
        return f"上一版本 {previous.slug} 已重新发布为 {again.slug}，请接在它之后。"
    line, day = overtaken(edition), edition.effective_from
    if not line or (day < line[0].effective_from and not from_fixtures):
        return None
    right = max((row for row in line if row.effective_from <= day), key=line.index, default=line[-1])
    published = "、".join(row.slug for row in line)
    return f"上一版本 {previous.slug} 之后已发布了版本 {published}；{day} 施行的版本，请接在版本 {right.slug} 之后。"


def merged(sealed: Edition, now: Mapping[str, Mapping]) -> Merged:
    """Return the entries of ``now`` (by code, in their order) with what a sealed edition changed of the one before it.

    A service is listed if it is in both, or if one of them added it. Raises ``drafts.DraftError`` if both added it.
    """
    before, later = _entries(sealed.previous), _entries(sealed)
    positions = dict(Domain.objects.values_list("code", "position"))
    entries, both = [], []
    for code, entry in now.items():
        if code in before and code in later:
            entry, fields = merge.merge_later(before[code], later[code], entry)
            both += [(code, field) for field in fields]
        if code in later or code not in before:
            entries.append(entry)
    for code in later.keys() - before.keys():
        if code in now:
            reason = f"服务项目 {code} 在版本 {sealed.slug} 和更正的版本里都是新增的，不能重新发布。"
            raise drafts.DraftError([sourcing.FieldFault("code", reason)])
    for code, entry in later.items():
        if code not in before:
            others = [positions.get(other["domain"], 0) for other in entries]
            entries.insert(drafts.new_number(others, positions.get(entry["domain"], 0)) - 1, entry)
    numbered = {entry["code"]: entry | {"number": number} for number, entry in enumerate(entries, start=1)}
    return Merged(numbered, both)


@transaction.atomic
def draft(sealed: Edition, previous: Edition, *, context: AuditContext) -> Edition:
    """Draft the edition that takes the place of a sealed one, after ``previous``, from the same day.

    Raises ``drafts.DraftError`` if both added the same service; then nothing is written.
    """
    edition = drafts.create_draft(
        previous, slug=slug_of(sealed), title=sealed.title, effective_from=sealed.effective_from,
        context=context, reissue_of=sealed,
    )  # fmt: skip
    now, terms = _entries(previous), Terms()
    entries = merged(sealed, now).entries
    for code in now.keys() - entries.keys():
        drafts.withdraw_entry(edition, code, context=context)
    for code, entry in entries.items():
        if code not in now:
            Service.objects.get_or_create(code=code)
            drafts.insert_entry(edition, entry, terms=terms, number=entry["number"], context=context)
        elif entry | {"number": 0} != now[code] | {"number": 0}:
            drafts.save_entry(edition, entry, terms=terms, context=context)
    _merge_cases(edition, sealed, set(entries))
    return edition


def slug_of(sealed: Edition) -> str:
    """Return the slug of the edition that takes the place of a sealed one: ``2027-2`` after ``2027``."""
    number, edition = 2, sealed
    while edition.reissue_of:
        number, edition = number + 1, edition.reissue_of
    while Edition.objects.filter(slug=_numbered(edition.slug, number)).exists():
        number += 1
    return _numbered(edition.slug, number)


def _numbered(slug: str, number: int) -> str:
    suffix = f"-{number}"
    return slug[: MAX_SLUG - len(suffix)].rstrip("-") + suffix


def _entries(edition: Edition | None) -> dict[str, dict]:
    documents = edition.documents() if edition else []
    return {document["code"]: entry_data(document) for document in documents}


def _merge_cases(edition: Edition, sealed: Edition, listed: set[str]) -> None:
    """Write the cases that a sealed edition added, changed or left out, for the services that are listed."""
    before, later = ({case.code: case for case in row.cases.all()} for row in (sealed.previous, sealed))
    now = {case.code: case for case in edition.cases.all()}
    position = max((case.position for case in now.values()), default=0)
    for code in [*later, *(code for code in before if code not in later)]:
        old, new = (case_data(cases[code]) if code in cases else None for cases in (before, later))
        if old != new:
            edition.cases.filter(code=code).delete()
            if new and code in now:
                Case(edition=edition, code=code, position=now[code].position, **new).save()
            elif new and old is None:
                position += 1
                Case(edition=edition, code=code, position=position, **new).save()
    for case in edition.cases.all():
        if not case.expected.keys() <= listed:
            for name in ("expected", "because"):
                setattr(case, name, {key: value for key, value in getattr(case, name).items() if key in listed})
            case.save() if case.expected else case.delete()
