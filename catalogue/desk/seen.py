"""What somebody read of a proposal before deciding on it, so that nobody decides on what it says by then."""

import hashlib

from django.http import HttpRequest

from catalogue import canonical, proposals
from catalogue.models import Event, Proposal


def seen(proposal: Proposal) -> str:
    """Return a digest of all that is decided on: what somebody read before pressing a button."""
    assessment = getattr(proposal, "assessment", None)
    read = proposals.described(proposal) | {
        "state": proposal.state,
        "edition": proposal.edition_id,
        "assessment": assessment and proposals.assessed(assessment),
    }
    return hashlib.sha256(canonical.dumps(read).encode()).hexdigest()


def last_of(proposal: Proposal) -> int:
    """Return the number of the last event of a proposal, from which on what is new can be told."""
    return (
        Event.objects.filter(proposal=proposal.number).order_by("number").values_list("number", flat=True).last() or 0
    )


class Seen:
    """For ProposalAdmin: forms carry ``seen`` and ``record``, what was read and where the record then ended."""

    def stale(self, request: HttpRequest, proposal: Proposal) -> dict | None:
        """Return what to tell somebody who read another state of a proposal than it is in; None if it is the same."""
        from_page = request.POST.get("seen", "")
        if from_page == seen(proposal):
            return None
        record = request.POST.get("record", "")
        number = int(record) if record.isdecimal() and len(record) < 19 else 0
        events = self.events_of(proposal).filter(number__gt=number).order_by("number")
        reasons = ["这件建议在您打开本页之后有了变化，没有办理。请看清现在的内容，再决定是否继续。"]
        return {"reasons": reasons, "theirs": [self.said(event) for event in events]}
