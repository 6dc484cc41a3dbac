"""The pages for a department that is renamed or merged into another (更名、并入) from a day, and the way back."""

import datetime
from collections.abc import Iterator

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from catalogue.audit import snapshots
from catalogue.desk.base import versions
from catalogue.desk.base.dates import DayField
from catalogue.desk.base.mixins import Paragraphs, audit_context
from catalogue.desk.proposals.edit_views import errors_of
from catalogue.desk.proposals.field_forms import NewClauseForm
from catalogue.desk.proposals.forms import TermSelect
from catalogue.models import Entry, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.maintenance import new_sources
from catalogue.workflow.steps import successions
from services.fields import VisibleCharField
from services.models import Department
from services.vocabularies import plain_name

# Any field will do: the clause is cited for the fields that name the department.
ONE_FIELD = ["lead_department"]


class SuccessionForm(forms.Form):
    """What the department is called from then on, or which one it is merged into, and from which day."""

    name = VisibleCharField(
        label="新的名称",
        max_length=200,
        required=False,
        help_text="更名的填写全称。例：内蒙古自治区卫生健康局",
    )
    short_name = VisibleCharField(
        label="新的简称", max_length=100, required=False, empty_value=None, help_text="例：自治区卫生健康局"
    )
    name_en = VisibleCharField(
        label="新的英文名称",
        max_length=300,
        required=False,
        empty_value=None,
        help_text="没有查到的留空。",
    )
    into = forms.ModelChoiceField(
        label="并入的部门",
        queryset=Department.objects.all(),
        required=False,
        widget=TermSelect(
            Entry._meta.get_field("lead_department"), admin.site, attrs={"data-placeholder": "按名称或代码查找"}
        ),
        help_text="并入已有部门的选它，上面的名称留空。",
    )
    day = DayField(label="自哪一天起", help_text="文件写明的施行日期。例：2027-01-01、2027年1月1日")

    def __init__(self, *args, department: Department, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.department = department

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        for other in Department.objects.all() if name else ():
            if plain_name(name) in {plain_name(text) for text in (other.name, other.short_name) if text}:
                hint = "不必更名" if other == self.department else "请在“并入的部门”里选它"
                raise forms.ValidationError(f"已有这个部门：{other.name}，{hint}。")
        return name

    def clean_into(self) -> Department | None:
        into = self.cleaned_data["into"]
        if into == self.department:
            raise forms.ValidationError("不能并入自己；更名的请填写新的名称。")
        return into

    def clean(self) -> dict:
        cleaned = super().clean()
        if not {"name", "into"} & set(self.errors) and bool(cleaned["name"]) == bool(cleaned["into"]):
            self.add_error("name", "请填写新的名称，或者选择并入的部门，两者只取其一。")
        return cleaned

    def successor(self) -> Department:
        """Return the department that is merged into, or a new one that is not stored."""
        names = {name: self.cleaned_data[name] for name in ("name", "short_name", "name_en")}
        return self.cleaned_data["into"] or Department(**names)


class UndoForm(forms.Form):
    reason = Paragraphs(
        label="理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "desk-text"}),
        help_text="写入记录。例：文件尚未施行，更名暂缓。",
    )


class SuccessionMixin:
    """For DepartmentAdmin: the two pages. The writes go through ``workflow.successions``."""

    def get_urls(self):
        site, name = self.admin_site.admin_view, "services_department"
        return [
            path("<int:pk>/succession/", site(self.succession_view), name=f"{name}_succession"),
            path("<int:pk>/succession/undo/", site(self.undo_view), name=f"{name}_undo_succession"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        (title, options), *others = fieldsets
        if obj is None or obj.replaced_by is None or "description" in options:
            return fieldsets
        return [(title, options | {"description": self.way_to_rename(request, obj)}), *others]

    def may_succeed(self, request: HttpRequest, department: Department) -> bool:
        may_publish = request.user.has_perm("catalogue.publish_edition")
        return may_publish and self.has_change_permission(request, department)

    def way_to_rename(self, request: HttpRequest, department: Department) -> str:
        if department.replaced_by:
            url = reverse("admin:services_department_change", args=[department.replaced_by_id])
            sentence = '自 {} 起由<a href="{}">{}</a>接替，依据《{}》'
            title = department.replaced_source.title
            words = format_html(sentence, department.replaced_from, url, department.replaced_by, title)
            if not self.may_succeed(request, department):
                return words
            url = reverse("admin:services_department_undo_succession", args=[department.pk])
            return format_html('{} <a class="button" href="{}">撤销更名或并入</a>', words, url)
        if not self.may_succeed(request, department):
            return "名称有变的，由“发布”办理更名或并入"
        url = reverse("admin:services_department_succession", args=[department.pk])
        return format_html('名称有变的，请办理<a href="{}">更名或并入</a>', url)

    def succession_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Store what takes the place of a department and draft the proposal that follows, or nothing at all."""
        department = self.get_object(request, str(pk))
        if department is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.may_succeed(request, department):
            raise PermissionDenied("更名和并入由“发布”办理。")
        form = SuccessionForm(request.POST or None, department=department)
        clause = NewClauseForm(request.POST or None, clause=None, fields=ONE_FIELD, number=None, prefix="clause")
        clause.empty_permitted, reasons = False, []
        seen = snapshots.snapshot(department)
        if request.method == "POST":
            if department.replaced_by:
                reasons = [
                    f"{department}自 {department.replaced_from} 起已由{department.replaced_by}接替，没有再保存。"
                ]
            elif not versions.is_current(request.POST.get("seen", ""), seen):
                reasons = ["您打开本页之后这个部门有了变化，没有保存。请看清以后再保存一次。"]
            elif self._valid(form, clause):
                proposal, reasons = self._succeed(request, department, form, clause)
                if not reasons:
                    return self._done(request, department, proposal)
        shown = [form, clause, clause.document]
        context = self.admin_site.each_context(request) | {
            "title": f"{department}更名或并入", "subtitle": None, "opts": self.opts, "form": form, "row": clause,
            "department": department, "reasons": reasons, "errors": list(errors_of(shown)),
            "seen": versions.token(seen), "media": sum((each.media for each in shown), self.media),
        }  # fmt: skip
        status = 409 if reasons else 422 if request.method == "POST" else 200
        return TemplateResponse(request, "desk/succession.html", context, status=status)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what taking a succession back does, ask for the reason, and take it back as it was said."""
        department = self.get_object(request, str(pk))
        if department is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.may_succeed(request, department):
            raise PermissionDenied("更名和并入由“发布”办理，撤销也一样。")
        if department.replaced_by is None:
            self.message_user(request, f"{department}没有更名，也没有并入别的部门。", level="warning")
            return redirect("admin:services_department_change", department.pk)
        plan = successions.plan_undo(department)
        effects, form, reasons = list(effects_of(department, plan)), UndoForm(request.POST or None), plan.refusals
        seen = [snapshots.snapshot(department), effects]
        if request.method == "POST" and not reasons:
            if not versions.is_current(request.POST.get("seen", ""), seen):
                reasons = ["您打开本页之后又有了变化，没有撤销。请看清以后再撤销一次。"]
            elif form.is_valid():
                try:
                    successions.undo(department, context=audit_context(request, reason=form.cleaned_data["reason"]))
                except (successions.SuccessionError, proposals.TransitionError) as error:
                    reasons = error.reasons
                else:
                    self.message_user(request, "已撤销：" + "".join(effects))
                    return redirect("admin:services_department_change", department.pk)
        context = self.admin_site.each_context(request) | {
            "title": f"撤销{department}的更名或并入", "subtitle": None, "opts": self.opts, "form": form,
            "department": department, "plan": plan, "effects": effects, "reasons": reasons,
            "errors": list(errors_of([form])), "seen": versions.token(seen), "media": self.media + form.media,
        }  # fmt: skip
        status = 200 if request.method != "POST" else 409 if reasons else 422
        return TemplateResponse(request, "desk/succession.html", context, status=status)

    @staticmethod
    def _valid(form: SuccessionForm, clause: NewClauseForm) -> bool:
        is_valid = all([form.is_valid(), clause.is_valid()])
        quote = clause.cleaned_data.get("quote")
        if clause.is_valid() and not quote:
            clause.add_error("quote", "请照录写明更名或并入的原文。")
        elif is_valid and not successions.is_named(successor := form.successor(), quote):
            clause.add_error("quote", f"原文里没有“{successor.name}”；请照录写明它的那一句。")
        if is_valid and (citable := _citable_from(clause)) > form.cleaned_data["day"]:
            form.add_error("day", f"这份文件自 {citable} 起方可引用，晚于这一天。")
        return is_valid and not clause.errors and not form.errors

    def _succeed(
        self, request: HttpRequest, department: Department, form: SuccessionForm, clause: NewClauseForm
    ) -> tuple[Proposal | None, list[str]]:
        context = audit_context(request)
        try:
            with transaction.atomic():
                if not clause.cleaned_data["source"]:
                    new_sources.store(clause.document.instance, context=context)
                proposal = successions.replace(
                    department,
                    successor=form.successor(),
                    day=form.cleaned_data["day"],
                    clause=clause.typed(),
                    region=self.admin_site.get_model_admin(Proposal).region(),
                    context=context,
                )
        except (successions.SuccessionError, proposals.TransitionError) as error:
            return None, error.reasons
        return proposal, []

    def _done(self, request: HttpRequest, department: Department, proposal: Proposal | None) -> HttpResponse:
        if proposal is None:
            self.message_user(request, "已保存。最后发布的版本中没有项目写着这个部门，不必调整。")
            return redirect("admin:services_department_change", department.pk)
        count = proposal.entries.count()
        self.message_user(request, f"已保存，并起草了这件建议：{count} 个项目改用新的部门。看过以后请提交审批。")
        return redirect("admin:catalogue_proposal_change", proposal.pk)


def effects_of(department: Department, plan: successions.Undo) -> Iterator[str]:
    """Yield what taking a succession back does, as sentences."""
    new, proposal = plan.successor.name, plan.proposal
    yield f"{department}自 {department.replaced_from} 起不再由{new}接替，所引的条文一并去掉，都留在记录中。"
    if proposal and proposal.state == Proposal.State.DRAFT:
        yield f"当时起草的第 {proposal.number} 号建议（草稿）作废，不能恢复。"
    if plan.is_deleted:
        yield f"{new}没有别处写着它，从词表中删去。"
    elif plan.is_created:
        yield f"{new}留在词表中，因为作废的建议等还写着它；要再用它的，办理“并入”时选它。"
    yield "原部门的账号照旧有效，办理原部门的事。"


def _citable_from(clause: NewClauseForm) -> datetime.date:
    return clause.cited_source().first_citable_day()
