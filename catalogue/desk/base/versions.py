"""Version tokens: a signed digest of the state that a page showed, so that its form cannot act on another version."""

import hashlib
import uuid

from django.core import signing

from catalogue.models import Event, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.steps import assessments
from services.text.json_text import canonical_json

SALT = "catalogue.desk.versions"


def token(state: object, **details: object) -> str:
    """Return the token of a state (JSON-serialisable), with ``details`` that ``read()`` returns."""
    return signing.dumps(details | {"digest": digest(state)}, salt=SALT, compress=True)


def page_token(state: object) -> str:
    """Return the token of a state on one page that was shown: no two have the same ``page_key()``."""
    return token(state, key=uuid.uuid4().hex)


def page_key(sent: str) -> str | None:
    """Return what tells the page of a submitted ``page_token()`` from all others; None for another token."""
    return read(sent).get("key")


def step_key(sent: str, *names: str) -> uuid.UUID:
    """Return the key of a step taken on the page of a submitted token: the same when the button is pressed twice."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "\n".join([sent, *names]))


def read(sent: str) -> dict:
    """Return ``digest`` and the details of a submitted token; {} if its signature is not valid."""
    try:
        return signing.loads(sent, salt=SALT)
    except signing.BadSignature:
        return {}


def is_current(sent: str, state: object) -> bool:
    """Whether a submitted token was issued for exactly this state."""
    return read(sent).get("digest") == digest(state)


def digest(state: object) -> str:
    return hashlib.sha256(canonical_json(state).encode()).hexdigest()


def proposal_state(proposal: Proposal) -> dict:
    """Return the data of a proposal that a decision is based on: content, state, edition and assessment."""
    assessment = getattr(proposal, "assessment", None)
    return proposals.proposal_snapshot(proposal) | {
        "state": proposal.state,
        "edition": proposal.edition_id,
        "assessment": assessment and assessments.snapshot(assessment),
        "figure_reasons": list(proposal.figure_reasons.values("service", "field", "value", "figures", "reason")),
    }


def proposal_token(proposal: Proposal) -> str:
    """Return the token of a proposal, with the number of its last event as ``record`` (0 if it has none)."""
    events = Event.objects.filter(proposal=proposal.number).order_by("number")
    return token(proposal_state(proposal), record=events.values_list("number", flat=True).last() or 0)
