"""Version tokens: what a page showed, signed, so that its form changes or decides on no other version."""

import hashlib

from django.core import signing

from catalogue.models import Event, Proposal
from catalogue.workflow import proposals
from services.json_text import canonical_json

SALT = "catalogue.desk.versions"


def token(state: object, **details: object) -> str:
    """Return the token of a state (JSON), with details to be read when it comes back."""
    return signing.dumps(details | {"digest": digest(state)}, salt=SALT, compress=True)


def read(sent: str) -> dict:
    """Return ``digest`` and details of a token that was sent; nothing of what is no token of ours."""
    try:
        return signing.loads(sent, salt=SALT)
    except signing.BadSignature:
        return {}


def is_current(sent: str, state: object) -> bool:
    """Whether a token was issued for this very state."""
    return read(sent).get("digest") == digest(state)


def digest(state: object) -> str:
    return hashlib.sha256(canonical_json(state).encode()).hexdigest()


def proposal_state(proposal: Proposal) -> dict:
    """Return all of a proposal that is decided on."""
    assessment = getattr(proposal, "assessment", None)
    return proposals.proposal_snapshot(proposal) | {
        "state": proposal.state,
        "edition": proposal.edition_id,
        "assessment": assessment and proposals.assessment_snapshot(assessment),
    }


def proposal_token(proposal: Proposal) -> str:
    """Return the token of a proposal, with the number of its last event as ``record``."""
    events = Event.objects.filter(proposal=proposal.number).order_by("number")
    return token(proposal_state(proposal), record=events.values_list("number", flat=True).last() or 0)
