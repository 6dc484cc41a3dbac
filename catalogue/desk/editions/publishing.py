"""Publishing from the desk: a draft edition beside the one before it, what stands against it, and the seal."""

from collections import Counter
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.history import field_in_words
from catalogue.desk.base.mixins import act
from catalogue.desk.proposals.cases import in_words
from catalogue.desk.proposals.diff_view import Row, beside
from catalogue.editions.diff import compare
from catalogue.editions.document import edition_header, entry_document
from catalogue.models import Edition, Entry, Proposal
from catalogue.workflow import cases, publishing

KINDS = {"added": "新增", "changed": "调整", "withdrawn": "取消"}


class Changed(NamedTuple):
    """A service that an edition changes for readers: its code and name, how, by which proposals, field by field."""

    code: str
    name: str
    kind: str
    fields: list[str]
    proposals: list[Proposal]
    rows: list[Row]


class PublishingMixin:
    """For EditionAdmin: the pages on the way from a draft to a published edition."""

    def get_urls(self):
        site = self.admin_site.admin_view
        return [
            path("<path:object_id>/beside/", site(self.beside_view), name="catalogue_edition_beside"),
            path("<path:object_id>/publish/", site(self.publish_view), name="catalogue_edition_publish"),
            *super().get_urls(),
        ]

    def beside_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show an edition beside the one before it, field by field."""
        edition = self.get_object(request, object_id)
        if edition is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, edition):
            raise PermissionDenied
        return self._page(request, "desk/edition_beside.html", edition, title=f"{edition.slug}：与上一版本对照")

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, with everything the seal would change; then seal. A second press finds it sealed."""
        edition = self.get_object(request, object_id)
        if edition is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not request.user.has_perm("catalogue.publish_edition"):
            raise PermissionDenied("发布版本须有“发布”角色。")
        if edition.is_published:
            return self._published(request, edition)
        if request.method != "POST":
            return self._confirm(request, edition)
        if not versions.is_current(request.POST.get("seen", ""), sealed_state(edition)):
            notice = "这个版本在您打开本页之后又有改动，没有发布。请按下面现在的内容重新核对。"
            return self._confirm(request, edition, notice=notice, status=409)
        try:
            edition = publishing.publish(
                edition, context=act(request, reason=request.POST.get("reason", "").strip() or None)
            )
        except publishing.NotPublishableError:
            edition.refresh_from_db()
            if edition.is_published:
                return self._published(request, edition)
            return self._confirm(request, edition, notice="还有问题没有处理，没有发布。", status=409)
        self.message_user(request, f"版本 {edition.slug} 已发布，摘要 {edition.digest}。")
        return redirect("admin:catalogue_edition_change", edition.pk)

    def _published(self, request: HttpRequest, edition: Edition) -> HttpResponse:
        at = timezone.localtime(edition.published_at)
        self.message_user(request, f"版本 {edition.slug} 已于 {at:%Y-%m-%d %H:%M} 发布，无须再次发布。")
        return redirect("admin:catalogue_edition_change", edition.pk)

    def _confirm(self, request, edition: Edition, *, notice: str | None = None, status: int = 200) -> HttpResponse:
        context = {
            "notice": notice,
            "seen": versions.token(sealed_state(edition)),
            **self.faults_of(edition, request.user),
        }
        title = f"发布版本 {edition.slug}"
        return self._page(request, "desk/publish.html", edition, title=title, status=status, **context)

    def _page(self, request, template: str, edition: Edition, *, status: int = 200, **context) -> HttpResponse:
        changed = changes_of(edition, seen=permissions.visible_departments(request.user))
        listed = {each.code for each in changed}
        context |= {
            "outcomes": [
                in_words(change) for change in cases.edition_outcome_changes(edition) if change.service in listed
            ],
            "opts": self.opts,
            "edition": edition,
            "changed": changed,
            "counts": [(words, sum(each.kind == kind for each in changed)) for kind, words in KINDS.items()],
            "fields": Counter(words for each in changed for words in each.fields).most_common(),
            "subtitle": None,
        }
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context, status=status)

    def faults_of(self, edition: Edition, user: AbstractBaseUser) -> dict:
        """Return what stands against publishing a draft today, each with the address where it is mended or read.

        A fault says what an entry holds: of services that somebody does not see there is only the number, ``unseen``.
        ``altered`` is the draft, if it does not say what was approved and has to be begun anew.
        """
        found = publishing.faults(edition, on=timezone.localdate())
        listed = Entry.objects.filter(edition__in=[edition.pk, edition.previous_id]).order_by("edition__number")
        leads = dict(listed.values_list("service__code", "lead_department__code"))
        seen = [
            fault for fault in found if fault.service is None or permissions.can_see(user, leads.get(fault.service))
        ]
        pages = dict(edition.entries.values_list("service__code", "pk"))
        own = reverse("admin:catalogue_edition_change", args=[edition.pk])
        return {
            "faults": [(fault, self._mended_at(fault, pages, own)) for fault in seen],
            "unseen": len(found) - len(seen),
            "altered": edition if any(fault.is_altered for fault in found) else None,
        }

    def _mended_at(self, fault: publishing.EditionFault, pages: dict[str, int], own: str) -> str:
        if fault.service in pages:
            anchor = f"#field-{fault.field}" if fault.field in Entry.SOURCED_FIELDS else ""
            return reverse("admin:catalogue_entry_change", args=[pages[fault.service]]) + anchor
        if fault.service:
            return f"{reverse('admin:catalogue_proposal_changelist')}?q={fault.service}"
        return f"{own}#id_{fault.field}"


def changes_of(edition: Edition, *, seen: list[str] | None) -> list[Changed]:
    """Return what an edition changes for readers, of the services of the departments ``seen`` (codes; None: of all)."""
    before = {each["code"]: each for each in (edition.previous.documents() if edition.previous else [])}
    if edition.is_published:
        after = {each["code"]: each for each in edition.documents()}
    else:
        entries = edition.entries.with_details().order_by("number")
        after = {entry.service.code: entry_document(entry) for entry in entries}
    proposed = {}
    for proposal in edition.proposals.prefetch_related("entries"):
        for each in proposal.entries.all():
            proposed.setdefault(each.service, []).append(proposal)
    found = []
    for code in [*after, *(code for code in before if code not in after)]:
        old, new = before.get(code), after.get(code)
        lead = (new or old)["lead_department"]
        if seen is not None and (lead and lead["code"]) not in seen:
            continue
        if comparison := compare(old, new):
            fields = [field_in_words(Entry, each["field"]) for each in comparison["fields"]]
            because = proposed.get(code, [])
            found.append(Changed(code, (new or old)["name"], comparison["kind"], fields, because, beside(old, new)))
    return found


def sealed_state(edition: Edition) -> list:
    """Return all that publishing a draft would seal."""
    entries = edition.entries.with_details().order_by("number")
    return [edition_header(edition), *(entry_document(entry) for entry in entries)]
