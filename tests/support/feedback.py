"""An answered message, by the real verbs: one person drafts the answer, another one releases it."""

from collections.abc import Callable

from catalogue.feedback import answers
from catalogue.models import Feedback


def answer_feedback(feedback: Feedback, answer: str, *, act: Callable, summary: str | None = None) -> Feedback:
    """Draft an answer as ``wang`` and make it public as ``root``."""
    answers.draft_answer(feedback, answer=answer, summary=summary, context=act("wang"))
    return answers.release_answer(feedback, context=act("root"))
