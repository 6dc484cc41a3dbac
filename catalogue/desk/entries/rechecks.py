"""Actions on an entry in force: record that it was checked and is still correct, or propose a change."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base.mixins import audit_context, typed_text
from catalogue.desk.proposals.field_forms import CHOICES
from catalogue.models import Edition, Entry, Proposal
from catalogue.workflow.maintenance import rechecks

Kind = Proposal.Kind


class RecheckMixin:
    """For EntryAdmin: the view that records a check, and the context of the actions."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.check_view)
        return [path("<int:pk>/check/", view, name="catalogue_entry_check"), *super().get_urls()]

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record that an entry was checked today; ``against`` names the documents, at most 500 characters are kept."""
        entry = self.get_object(request, str(pk))
        if entry is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.may_check(request, entry):
            raise PermissionDenied("只能核对在用版本中本部门牵头的项目，且须有“编辑”角色。")
        if request.method == "POST":
            checked_documents = typed_text(request, "against")
            if checked_documents:
                rechecks.record_check(entry, context=audit_context(request, reason=checked_documents[:500]))
                self.message_user(request, f"{entry.service} 已核对，写入记录。")
            else:
                self.message_user(request, "请写明核对了什么文件，才能记为核对无误。", level="error")
        return redirect("admin:catalogue_entry_change", entry.pk)

    def may_check(self, request: HttpRequest, entry: Entry) -> bool:
        in_force = Edition.objects.in_force(timezone.localdate()).first()
        return (
            entry.edition == in_force
            and request.user.has_perm("catalogue.check_entry")
            and self._is_own(request, entry)
        )

    def doing(self, request: HttpRequest, entry: Entry) -> dict:
        """Return the template context: the day of the last check, and which actions the user may take."""
        code = entry.service.code
        in_force = Edition.objects.in_force(timezone.localdate()).first()
        base = Edition.objects.last_sealed().first()
        is_current = entry.edition in (in_force, base)
        proposed = is_current and base.entries.select_related("lead_department").filter(service=entry.service).first()
        may_add = request.user.has_perm("catalogue.add_proposal")
        may_propose = bool(proposed) and may_add and self._is_own(request, proposed)
        # What is wrong now cannot wait for the day of the edition sealed last.
        may_correct = entry.edition == in_force != base and may_add and self._is_own(request, entry)
        return {
            # Proposals change the edition sealed last, which readers see only from its day on.
            "builds_on": base if base != in_force and is_current else None,
            "gone_in": base if is_current and not proposed else None,
            "checked_on": rechecks.last_checked([code]).get(code),
            "may_check": self.may_check(request, entry),
            "proposable": may_propose,
            "correctable": may_correct,
            "choices": CHOICES if may_propose or may_correct else (),
            "other_kinds": [(kind.value, kind.label) for kind in (Kind.WITHDRAW, Kind.MERGE, Kind.SPLIT)],
        }

    def _is_own(self, request: HttpRequest, entry: Entry) -> bool:
        return permissions.can_change(request.user, self.department_of(entry), timezone.localdate())
