"""Changed outcomes of cases (案例), in words, for the pages of proposals and of publishing."""

from catalogue.workflow import cases
from services.eligibility import sentences


def in_words(change: cases.Outcome) -> tuple[str, str, str, str]:
    """Return a changed outcome of a case as it is shown: its number, the person, the outcome before and after."""
    person = sentences.circumstances_text(change.circumstances)
    return change.case, person, cases.OUTCOME_LABELS[change.before], cases.OUTCOME_LABELS[change.after]
