"""Cases (案例) as sentences, for their list and for the pages of proposals and of publishing."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from catalogue.models import Edition, Proposal, ProposedCase
from catalogue.workflow import cases
from catalogue.workflow.steps import proposed_cases
from services.eligibility import sentences
from services.sources import Source


class Conclusion(NamedTuple):
    """The outcome of a case for one service in words: the service by code and name, the outcome, and the clause."""

    service: str
    outcome: str
    clause: str

    def __str__(self) -> str:
        return f"{self.service} → {self.outcome}{f'，因为{self.clause}' if self.clause else ''}"


class CaseChange(NamedTuple):
    """A proposed change of a case in words: the person and the conclusions before and after, [] where there is none."""

    code: str
    action: str
    is_withdrawn: bool
    person_before: str
    person: str
    before: list[Conclusion]
    after: list[Conclusion]


class CaseWords:
    """Puts the cases of one edition, None for no edition, in words. Two queries, made when first needed."""

    def __init__(self, edition: Edition | None):
        self.edition = edition

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of the services of the edition by code."""
        return dict(self.edition.entries.values_list("service__code", "name")) if self.edition else {}

    @cached_property
    def titles(self) -> dict[str, str]:
        return dict(Source.objects.values_list("code", "title"))

    def name_entries_of(self, proposal: Proposal) -> None:
        """Name the services that a proposal adds or renames as it does."""
        for entry in proposal.entries.all():
            if name := (entry.entry_data or {}).get("name"):
                self.names[entry.service] = name

    def service(self, code: str) -> str:
        return f"{code} {self.names.get(code, '')}".strip()

    def clause(self, clause: Mapping) -> str:
        """Return a clause as 《title》 and locator."""
        title = self.titles.get(clause["source"], clause["source"])
        return f"{title if '《' in title else f'《{title}》'}{clause['locator'] or ''}"

    def conclusions(self, expected: Mapping[str, str], because: Mapping[str, Mapping]) -> list[Conclusion]:
        return [
            Conclusion(self.service(code), cases.OUTCOME_LABELS[outcome], self.clause(because[code]))
            for code, outcome in expected.items()
        ]

    def changes(self, changes: Sequence[ProposedCase]) -> Iterator[CaseChange]:
        """Yield changes of cases in words; the edition is the one that their proposal is compared with."""
        codes = [change.code for change in changes]
        is_asked = changes and self.edition
        present = {case.code: case for case in self.edition.cases.filter(code__in=codes)} if is_asked else {}
        for change in changes:
            case = present.get(change.code)
            before = case and proposed_cases.case_data(case)
            is_withdrawn = change.action == proposed_cases.Action.WITHDRAW
            after = None if is_withdrawn else proposed_cases.apply_change(before, change)
            yield CaseChange(
                change.code,
                change.get_action_display(),
                is_withdrawn,
                sentences.person_text(before["circumstances"]) if before else "",
                sentences.person_text(after["circumstances"]) if after else "",
                self.conclusions(before["expected"], before["because"]) if before else [],
                self.conclusions(after["expected"], after["because"]) if after else [],
            )


def in_words(change: cases.Outcome) -> tuple[str, str, str, str]:
    """Return the number of a case, its person, and the labels of the outcomes before and after."""
    person = sentences.person_text(change.circumstances)
    return change.case, person, cases.OUTCOME_LABELS[change.before], cases.OUTCOME_LABELS[change.after]


def changes_of(proposal: Proposal, base: Edition | None) -> list[CaseChange]:
    """Return the changes of cases of a proposal in words; ``base`` is the edition that it is compared with."""
    changes = list(proposal.cases.all())
    words = CaseWords(base)
    if changes:
        words.name_entries_of(proposal)
    return list(words.changes(changes))
