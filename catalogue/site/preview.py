"""The page of a service as readers will see it once a draft edition or a proposal is published: for the desk alone.

Its address lies under ``/admin/``, where the response cache stores nothing and lets the session's cookie through.
"""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalogue.accounts import permissions
from catalogue.editions.document import entry_document
from catalogue.editions.public import imprint
from catalogue.editions.public.freshness import Freshness
from catalogue.models import Edition, Entry, Proposal, ProposedEntry, SourcedField
from catalogue.site import presentation, responses, views
from catalogue.web.query import edition_query
from catalogue.workflow import proposals
from catalogue.workflow.base import current_documents
from catalogue.workflow.documents import Vocabularies, wanted
from services.departments import Department


@require_safe
@never_cache
@staff_member_required
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of an entry of a draft edition, marked as a preview, for those who may see the entry on the desk."""
    shown = get_object_or_404(Entry.objects.drafts().with_details(), pk=pk)
    lead = shown.lead_department
    if not request.user.has_perm("catalogue.view_entry") or not permissions.can_see(
        request.user, lead and lead.code, timezone.localdate()
    ):
        raise PermissionDenied
    edition = shown.edition
    marks = {"edition": edition.slug, "title": edition.title, "effective_from": edition.effective_from.isoformat()}
    return _page(request, entry_document(shown), edition, marks)


@require_safe
@never_cache
@staff_member_required
def proposed(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The page of a service as a proposal wants it; back to the proposal if what it wants cannot be shown yet."""
    open_proposals = Proposal.objects.unfinished().select_related("department", "region")
    proposal = get_object_or_404(open_proposals, pk=pk)
    department = proposal.department.code
    if not request.user.has_perm("catalogue.view_proposal") or not permissions.can_see(
        request.user, department, timezone.localdate()
    ):
        raise PermissionDenied
    withdrawal = ProposedEntry.Action.WITHDRAW
    step = get_object_or_404(proposal.entries.exclude(action=withdrawal), service=code.replace("\0", ""))
    if faults := [fault for fault in proposals.faults(proposal) if fault.service == step.service]:
        messages.warning(request, f"处理了下列问题才能预览：{'；'.join(fault.reason for fault in faults)}")
        return redirect("admin:catalogue_proposal_change", proposal.pk)
    current = current_documents(proposal).get(step.service)
    document = Vocabularies().documented(wanted(step, current))
    for name in ("verification", "basis"):
        document[name] = dict.fromkeys(SourcedField.values) | document[name]
    edition = Edition(slug=f"第 {proposal.number} 号建议", title=proposal.title)
    marks = {
        "edition": edition.slug, "title": edition.slug, "effective_from": proposal.effective_from.isoformat(),
    }  # fmt: skip
    return _page(request, document, edition, marks)


def _require(request: HttpRequest, permission: str, department: Department | None) -> None:
    code = department and department.code
    if not request.user.has_perm(permission) or not permissions.can_see(request.user, code, timezone.localdate()):
        raise PermissionDenied


def _page(request: HttpRequest, document: dict, edition: Edition, marks: dict) -> HttpResponse:
    # Nothing of a draft has been checked yet.
    fields = presentation.fields(document, Freshness({}, {}), edition.replacements, on=edition_query.today(), months=0)
    context = views.shared_context(request, document, edition, fields) | {
        "preview": True,
        "imprint": marks
        | {
            "digest": "发布时生成",
            "source": imprint.SOURCE,
            "licence": imprint.LICENCE,
            "licence_url": imprint.LICENCE_URL,
        },
    }
    response = responses.page("site/service.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
