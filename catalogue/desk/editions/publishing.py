"""Publishing on the desk: the comparison of a draft with the previous edition, its faults, and the confirmation."""

from collections import Counter
from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.history import field_in_words
from catalogue.desk.base.mixins import audit_context, typed_text
from catalogue.desk.cases.wording import in_words
from catalogue.desk.proposals.diff_view import Row, diff_documents
from catalogue.editions import drafts
from catalogue.editions.diff import compare
from catalogue.editions.document import edition_header, entry_data, entry_document
from catalogue.models import Edition, Entry, Proposal
from catalogue.spreadsheets import writer
from catalogue.workflow import cases, publishing, wording
from catalogue.workflow.checks import dates, figures, renumbering
from catalogue.workflow.steps import reissues

KINDS = {"added": "新增", "changed": "调整", "withdrawn": "取消"}


class ServiceChange(NamedTuple):
    """A changed service: code, name, a key of ``KINDS``, labels of the fields, proposals and rows of the diff."""

    code: str
    name: str
    kind: str
    fields: list[str]
    proposals: list[Proposal]
    rows: list[Row]
    is_renumbered: bool


class PublishingMixin:
    """For EditionAdmin: the comparison page and the confirmation page of publishing."""

    def get_urls(self):
        site = self.admin_site.admin_view
        return [
            path("<path:object_id>/diff/", site(self.diff_view), name="catalogue_edition_diff"),
            path("<path:object_id>/publish/", site(self.publish_view), name="catalogue_edition_publish"),
            *super().get_urls(),
        ]

    def diff_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compare an edition with the one named by ``from``, by default the previous one; ``format=xlsx`` as a file."""
        edition = self.get_object(request, object_id)
        if edition is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, edition):
            raise PermissionDenied
        others = Edition.objects.published().exclude(pk=edition.pk).order_by("-number")
        slug = request.GET.get("from", "").replace("\0", "")
        before = others.filter(slug=slug).first() if slug else edition.previous
        if slug and before is None:
            raise Http404(f"没有可以对照的版本“{slug[:50]}”。")
        title = f"{edition.slug}：与 {before.slug} 对照" if before else f"{edition.slug}：没有上一版本"
        if request.GET.get("format") == "xlsx":
            return self._diff_file(request, edition, before, title)
        return self._page(
            request, "desk/edition_diff.html", edition, before=before, title=title, others=others,
            query=urlencode({"from": before.slug, "format": "xlsx"}) if before else "",
        )  # fmt: skip

    def _diff_file(self, request: HttpRequest, edition: Edition, before: Edition | None, title: str) -> HttpResponse:
        changed = changes_of(edition, before, seen=permissions.visible_departments(request.user, timezone.localdate()))
        rows = [row for change in without_renumbering(changed)[0] for row in comparison_rows(change)]
        try:
            content = writer.comparison_xlsx(rows, title=title)
        except writer.TextTooLongError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:catalogue_edition_diff", edition.pk)
        response = HttpResponse(content, content_type=writer.XLSX)
        name = f"对照-{before.slug if before else '无'}-{edition.slug}.xlsx"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET: show a confirmation with all changes. POST: publish.

        Answers 409 and writes nothing if the edition has changed since the page was shown or has faults. A second POST
        redirects to the published edition.
        """
        edition = self.get_object(request, object_id)
        if edition is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not request.user.has_perm("catalogue.publish_edition"):
            raise PermissionDenied("发布版本须有“发布”角色。")
        if edition.is_published:
            return self._redirect_published(request, edition)
        if request.method != "POST":
            return self._confirm(request, edition)
        if not versions.is_current(request.POST.get("seen", ""), sealed_state(edition)):
            notice = "这个版本在您打开本页之后又有改动，没有发布。请按下面现在的内容重新核对。"
            return self._confirm(request, edition, notice=notice, status=409)
        try:
            edition = publishing.publish(
                edition, context=audit_context(request, reason=typed_text(request, "reason") or None)
            )
        except publishing.NotPublishableError:
            edition.refresh_from_db()
            if edition.is_published:
                return self._redirect_published(request, edition)
            return self._confirm(request, edition, notice="还有问题没有处理，没有发布。", status=409)
        self.message_user(request, f"版本 {edition.slug} 已发布，摘要 {edition.digest}。")
        published_with_it = Edition.objects.filter(published_at=edition.published_at).exclude(reissue_of=None)
        for again in published_with_it.select_related("reissue_of"):
            self.message_user(request, f"版本 {again.reissue_of.slug} 已以“{again.slug}”重新发布。")
        return redirect("admin:catalogue_edition_change", edition.pk)

    def _redirect_published(self, request: HttpRequest, edition: Edition) -> HttpResponse:
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

    def _page(
        self, request, template: str, edition: Edition, *, before: Edition | None = None, status: int = 200, **context
    ) -> HttpResponse:
        before = before or edition.previous
        is_next = before == edition.previous
        changed = changes_of(edition, before, seen=permissions.visible_departments(request.user, timezone.localdate()))
        codes = {item.code for item in changed}
        changed, renumbered = without_renumbering(changed)
        context |= {
            "renumbered": renumbered,
            "before": before,
            "figures": [row for row in explained_figures(edition) if is_next and row.service in codes],
            "outcomes": [
                in_words(change)
                for change in (cases.edition_outcome_changes(edition) if is_next else ())
                if change.service in codes
            ],
            "opts": self.opts,
            "edition": edition,
            "changed": changed,
            "counts": [(words, sum(item.kind == kind for item in changed)) for kind, words in KINDS.items()],
            "fields": Counter(words for item in changed for words in item.fields).most_common(),
            "subtitle": None,
        }
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context, status=status)

    def faults_of(self, edition: Edition, user: AbstractBaseUser) -> dict:
        """Return the ``faults`` that prevent publishing a draft today, each with the URL of the page to correct it.

        A fault reveals content of an entry, so faults of services outside the user's departments are only counted
        (``unseen``). ``date_notices`` are days that do not fit and prevent nothing. ``altered`` is the draft if it
        differs from the approved content and has to be created again.
        """
        faults = publishing.faults(edition, on=timezone.localdate())
        entries = Entry.objects.filter(edition__in=[edition.pk, edition.previous_id]).order_by("edition__number")
        leads = dict(entries.values_list("service__code", "lead_department__code"))
        visible = [
            fault
            for fault in faults
            if fault.service is None or permissions.can_see(user, leads.get(fault.service), timezone.localdate())
        ]
        entry_pks = dict(edition.entries.values_list("service__code", "pk"))
        edition_url = reverse("admin:catalogue_edition_change", args=[edition.pk])
        return {
            "faults": [(fault, self._fault_url(fault, entry_pks, edition_url)) for fault in visible],
            "date_notices": list(dates.edition_notices(edition, on=timezone.localdate())),
            "unseen": len(faults) - len(visible),
            "altered": edition if any(fault.is_altered for fault in faults) else None,
        }

    def _fault_url(self, fault: publishing.EditionFault, entry_pks: dict[str, int], edition_url: str) -> str:
        if fault.service in entry_pks:
            anchor = f"#field-{fault.field}" if fault.field in Entry.SOURCED_FIELDS else ""
            return reverse("admin:catalogue_entry_change", args=[entry_pks[fault.service]]) + anchor
        if fault.service:
            return f"{reverse('admin:catalogue_proposal_changelist')}?q={fault.service}"
        return f"{edition_url}#id_{fault.field}"


def changes_of(edition: Edition, earlier: Edition | None, *, seen: list[str] | None) -> list[ServiceChange]:
    """Return the changes since an earlier edition to services led by the departments ``seen`` (codes; None for all)."""
    before = {item["code"]: item for item in (earlier.documents() if earlier else [])}
    if edition.is_published:
        after = {item["code"]: item for item in edition.documents()}
    else:
        entries = edition.entries.with_details().order_by("number")
        after = {entry.service.code: entry_document(entry) for entry in entries}
    proposals_by_service = {}
    for proposal in edition.original.proposals.prefetch_related("entries"):
        for item in proposal.entries.all():
            proposals_by_service.setdefault(item.service, []).append(proposal)
    changes = []
    for code in [*after, *(code for code in before if code not in after)]:
        old, new = before.get(code), after.get(code)
        lead = (new or old)["lead_department"]
        if seen is not None and (lead and lead["code"]) not in seen:
            continue
        if comparison := compare(old, new):
            fields = [field_in_words(Entry, item["field"]) for item in comparison["fields"]]
            proposals = proposals_by_service.get(code, [])
            changes.append(
                ServiceChange(
                    code,
                    (new or old)["name"],
                    comparison["kind"],
                    fields,
                    proposals,
                    diff_documents(old, new),
                    renumbering.is_renumbered(comparison),
                )
            )
    return changes


def comparison_rows(change: ServiceChange) -> list[dict[str, str]]:
    """Return the rows of a changed service for a workbook, as ``writer.COMPARISON_COLUMNS``."""
    return [
        {
            "code": change.code,
            "name": change.name,
            "kind": KINDS[change.kind],
            "field": row.field_label,
            "before": "" if change.kind == "added" else "".join(part.text for part in row.before),
            "after": "" if change.kind == "withdrawn" else "".join(part.text for part in row.after),
            "clauses": "\n".join(
                " ".join(filter(None, (wording.name_of(cited["source"]), cited["locator"], cited["quote"])))
                for cited in row.citations
            ),
        }
        for row in change.rows
    ]


def without_renumbering(changes: list[ServiceChange]) -> tuple[list[ServiceChange], int]:
    """Return the changes without those that are only another number, and how many these are."""
    changed = [change for change in changes if not change.is_renumbered]
    return changed, len(changes) - len(changed)


def explained_figures(edition: Edition) -> list[figures.UnquotedFigures]:
    """Return the figures without a quote that the proposals of an edition give a reason for."""
    included = edition.original.proposals.prefetch_related(
        "figure_reasons__author", "figure_reasons__proposal"
    ).order_by("number")
    if not included:
        return []
    if edition.is_published:
        entries = {document["code"]: entry_data(document) for document in edition.documents()}
    else:
        entries = drafts.current_entries(edition)
    return [row for row in publishing.unquoted_figures(edition, entries, included) if row.reason]


def sealed_state(edition: Edition) -> list:
    """Return what publishing would seal: the header, the documents of all entries, and the editions published again."""
    entries = edition.entries.with_details().order_by("number")
    again = [sealed.digest for sealed in reissues.overtaken(edition)]
    return [edition_header(edition), *(entry_document(entry) for entry in entries), *again]
