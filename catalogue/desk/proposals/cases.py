"""Changed outcomes of cases (案例) as text, for the pages of proposals and of publishing."""

from catalogue.workflow import cases
from services.eligibility import sentences


def in_words(change: cases.Outcome) -> tuple[str, str, str, str]:
    """Return the number of a case, its person, and the labels of the outcomes before and after."""
    person = sentences.circumstances_text(change.circumstances)
    return change.case, person, cases.OUTCOME_LABELS[change.before], cases.OUTCOME_LABELS[change.after]
