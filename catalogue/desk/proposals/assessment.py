"""The fiscal assessment (财政承受能力评估) of a proposal: its form of several lines, its view, and how it is shown."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from catalogue.accounts import names
from catalogue.desk.base.mixins import Paragraphs, audit_context
from catalogue.desk.proposals.autosave import KeptFile, TypedInput
from catalogue.models import Assessment, AssessmentLine, Attachment, Proposal
from catalogue.workflow import attachments, proposals, wording
from catalogue.workflow.base import current_documents
from catalogue.workflow.steps import assessments

MAX_LINES = 20
MAX_ATTACHMENTS = 10
LINE_FIELDS = (
    "label", "beneficiaries", "old_standard", "new_standard", "periods", "period", *AssessmentLine.SHARE_FIELDS,
)  # fmt: skip


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Several files of at most 10 MB each, as a list."""

    widget = SeveralFilesInput(attrs={"multiple": True})

    def clean(self, data, initial=None):
        files = [super(SeveralFilesField, self).clean(file, initial) for file in data or ()]
        if any(file.size > attachments.MAX_BYTES for file in files):
            raise forms.ValidationError("每个附件不能超过 10 MB。")
        return files


class AssessmentForm(forms.ModelForm):
    """What is said once of an assessment; the figures are in ``LineFormSet``."""

    attachments = SeveralFilesField(
        label="附件", required=False, help_text="评估报告等，可以选几个文件，每个不超过 10 MB。"
    )

    class Meta:
        model = Assessment
        fields = ("conclusion", "funding_source", "opinion")
        field_classes = {"funding_source": Paragraphs, "opinion": Paragraphs}
        widgets = {
            name: forms.Textarea(attrs={"rows": 2, "class": "desk-text"}) for name in ("funding_source", "opinion")
        }


class LineForm(forms.ModelForm):
    class Meta:
        model = AssessmentLine
        fields = LINE_FIELDS

    def clean(self):
        cleaned = super().clean()
        shares = [cleaned.get(name) for name in AssessmentLine.SHARE_FIELDS]
        if None not in shares and (total := sum(shares)) != 100:
            self.add_error("share_centre", shares_text(total))
        return cleaned

    def _get_validation_exclusions(self):
        # ``clean()`` says how much is missing; the model would say it once more.
        return super()._get_validation_exclusions() | {"share_banner"}


class BaseLineFormSet(forms.BaseFormSet):
    """Lines of an assessment, each of another part of the people."""

    default_error_messages = forms.BaseFormSet.default_error_messages | {
        "too_few_forms": "请至少写一行。",
        "too_many_forms": f"至多写 {MAX_LINES} 行。",
    }

    def clean(self):
        labels = [row.cleaned_data.get("label") for row in self.forms if row.cleaned_data.get("DELETE") is False]
        if repeated := sorted({label for label in labels if label and labels.count(label) > 1}):
            raise forms.ValidationError(f"同一范围只写一行：{'、'.join(repeated)}。")

    def placed(self) -> Iterator[tuple[str, LineForm]]:
        """Yield each line with its place on the page: ``line``, ``spare`` (folded), last the ``template`` of others."""
        for number, row in enumerate(self.forms, 1):
            yield "spare" if 1 < number == len(self.forms) and not row.is_bound else "line", row
        yield "template", self.empty_form

    def lines(self) -> list[dict]:
        """Return the columns of the lines that were typed and not taken away."""
        return [
            {name: row.cleaned_data[name] for name in LINE_FIELDS}
            for row in self.forms
            if row.cleaned_data.get("label") and not row.cleaned_data.get("DELETE")
        ]


LineFormSet = forms.formset_factory(
    LineForm, formset=BaseLineFormSet, extra=1, can_delete=True, min_num=1, validate_min=True, max_num=MAX_LINES,
    absolute_max=MAX_LINES + 1, validate_max=True,
)  # fmt: skip


def shares_text(total: Decimal) -> str:
    """Return a sentence for shares that do not add up to 100 %."""
    missing = Decimal(100) - total
    return f"四级负担比例之和应正好是 100%，现在合计 {total}%，{'还差' if missing > 0 else '超出'} {abs(missing)}%。"


class AssessmentViewsMixin:
    """For ProposalAdmin: the view that assesses, and the one that returns attachments."""

    def assess_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record the assessment of a proposal: its costs and who bears them."""
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        may_assess = request.user.has_perm("catalogue.assess_proposal") and request.user not in proposal.editors.all()
        if not may_assess or not self.has_view_permission(request, proposal):
            raise PermissionDenied("评估须有“评估”角色，且不能评估自己提出或修改过的建议。")
        if proposal.state != Proposal.State.ASSESSING:
            return self.page(request, proposal, reasons=["建议现在不在待评估状态，不能评估。"], status=409)
        typed = TypedInput(request, proposal, scope=f"user {request.user.pk}")
        if answer := typed.answer():
            return answer
        current = current_documents(proposal)
        first = assessments.first_figures(proposal, current)
        form = AssessmentForm(typed.post, request.FILES or None, initial=first)
        lines = LineFormSet(typed.post, initial=None if typed.post else first["lines"], prefix="lines")
        files = KeptFile.all_of(request, typed, first["attachments"])
        if request.method == "POST" and len(files) > MAX_ATTACHMENTS:
            form.full_clean()
            form.add_error("attachments", f"附件至多 {MAX_ATTACHMENTS} 个，现在有 {len(files)} 个；请去掉几个。")
        reasons, theirs = [], []
        if request.method == "POST" and all([form.is_valid(), lines.is_valid()]):
            figures = {name: form.cleaned_data[name] for name in form.Meta.fields} | {
                "lines": lines.lines(),
                "attachments": [{"name": file.name, "digest": file.digest} for file in files],
            }
            try:
                reasons, theirs = self._assess(request, pk, figures, typed)
            except proposals.TransitionError as error:
                reasons = error.reasons
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        return self._form(
            request, "desk/proposal_assess.html", form, reasons, proposal, typed=typed, title="财政承受能力评估",
            theirs=theirs, files=files, lines=lines, standards=assessments.standards(proposal, current),
            levels=assessments.LEVELS.values(), is_again=bool(first.get("conclusion")),
        )  # fmt: skip

    @transaction.atomic
    def _assess(
        self, request: HttpRequest, pk: int, figures: Mapping, typed: TypedInput
    ) -> tuple[list[str], list[dict]]:
        Proposal.objects.select_for_update().get(pk=pk)
        proposal = self.get_object(request, str(pk))
        if stale := self.stale(request, proposal):
            return stale["reasons"], stale["theirs"]
        assessment = proposals.assess(proposal, figures=figures, context=audit_context(request))
        typed.end()
        values = shown(assessments.snapshot(assessment))
        words = f"已评估：{values['conclusion']}，共 {values['total']}，比原来{values['change']}。"
        self.message_user(request, words)
        return [], []

    def attachment_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the attachment ``digest`` of an assessment of a proposal, byte for byte as it was uploaded."""
        proposal = self.get_object(request, str(pk))
        if proposal is None or not self.has_view_permission(request, proposal):
            raise PermissionDenied
        digest = request.GET.get("digest")
        files = [file for _, values in assessments.recorded(proposal) for file in values["attachments"]]
        attachment = None
        if name := next((file["name"] for file in files if file["digest"] == digest), None):
            attachment = Attachment.objects.filter(digest=digest).first()
        if not attachment:
            raise Http404("这件建议没有这个附件。")
        disposition = content_disposition_header(as_attachment=True, filename=name)
        headers = {"Content-Disposition": disposition, "Content-Type": "application/octet-stream"}
        return HttpResponse(bytes(attachment.content), headers=headers)


def all_shown(proposal: Proposal) -> tuple[dict | None, list[dict]]:
    """Return the current assessment and the earlier ones, the newest first, in words, with who made them and when."""
    rows = [
        shown(values) | {"event": event, "actor": names.actor(event), "proposal": proposal.pk}
        for event, values in assessments.recorded(proposal)
    ]
    if not hasattr(proposal, "assessment"):
        return None, rows
    return rows[0] | {"actor": names.person_name(proposal.assessment.assessor)}, rows[1:]


def shown(values: Mapping) -> dict:
    """Return an assessment as recorded (``assessments.snapshot()``) in words, for a template."""
    increment = Decimal(values["increment"])
    return {
        "conclusion": Assessment.Conclusion(values["conclusion"]).label,
        "funding_source": values["funding_source"],
        "opinion": values["opinion"],
        "attachments": values["attachments"],
        "lines": [_line_shown(line) for line in values["lines"]],
        "total": wording.money_text(Decimal(values["total"])),
        "change": f"{'减少' if increment < 0 else '增加'} {wording.money_text(abs(increment))}",
        "levels": [
            (
                label,
                wording.money_text(Decimal(values[f"borne_{level}"])),
                wording.money_text(Decimal(values[f"added_{level}"])),
            )
            for level, label in assessments.LEVELS.items()
            if any(Decimal(line[f"share_{level}"]) for line in values["lines"])
        ],
    }


def _line_shown(line: Mapping) -> dict:
    times = {"month": "个月", "year": "年", "once": "次"}
    return {
        "label": line["label"],
        "beneficiaries": f"{line['beneficiaries']:,}",
        "old": f"{Decimal(line['old_standard']):,.2f}",
        "new": f"{Decimal(line['new_standard']):,.2f}",
        "periods": f"{line['periods']} {times[line['period']]}",
        "shares": "，".join(
            f"{label} {Decimal(line[f'share_{level}']).normalize():f}%"
            for level, label in assessments.LEVELS.items()
            if Decimal(line[f"share_{level}"])
        ),
        "total": wording.money_text(Decimal(line["total"])),
        "increment": wording.money_text(Decimal(line["increment"])),
    }
