"""The page of a service as readers will see it once its draft edition is published: for the desk alone.

Its address lies under ``/admin/``, where the response cache stores nothing and lets the session's cookie through.
"""

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalogue.accounts import permissions
from catalogue.editions import imprint
from catalogue.editions.document import entry_document
from catalogue.editions.freshness import Freshness
from catalogue.models import Entry
from catalogue.site import presentation, responses, views
from catalogue.web import edition_query


@require_safe
@never_cache
@staff_member_required
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of an entry of a draft edition, marked as a preview, for those who may see the entry on the desk."""
    shown = get_object_or_404(Entry.objects.drafts().with_details(), pk=pk)
    lead = shown.lead_department
    if not request.user.has_perm("catalogue.view_entry") or not permissions.can_see(request.user, lead and lead.code):
        raise PermissionDenied
    document, edition = entry_document(shown), shown.edition
    # Nothing of a draft has been checked yet.
    fields = presentation.fields(document, Freshness({}, {}), on=edition_query.today(), months=0)
    context = views.shared_context(request, document, edition, fields) | {
        "preview": True,
        "imprint": {
            "edition": edition.slug,
            "title": edition.title,
            "effective_from": edition.effective_from.isoformat(),
            "digest": "发布时生成",
            "source": imprint.SOURCE,
            "licence": imprint.LICENCE,
            "licence_url": imprint.LICENCE_URL,
        },
    }
    response = responses.page("site/service.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
