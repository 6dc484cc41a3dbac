"""Forms of the assistants (``kinds``): services by name, the few fields of a new one, and what is carried over."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base.services import named
from catalogue.desk.proposals.assistants import carrying
from catalogue.desk.proposals.field_forms import NewClauseForm
from catalogue.desk.proposals.forms import ChangeHeadForm, EntryForm, TermSelectMultiple, TermsField
from catalogue.editions import drafts, sourcing
from catalogue.editions.document import entry_data
from catalogue.models import Entry, Proposal, ProposedEntry, SourcedField
from catalogue.workflow.checks import codes
from catalogue.workflow.wording import value_text
from services.fields import VisibleCharField
from services.models import Department, Service

Action, Kind = ProposedEntry.Action, Proposal.Kind
MIN_PARTS, MAX_PARTS = 2, 5
# The fields that a new service is asked for; the others follow on its own form.
ASKED = ["name", "domain", "lead_department", "target_groups", "content", "standard", "expenditure_responsibility"]
NOT_ASKED = ("name_en", "lead_department_alternatives", "standard_as_of", "shares")
JOINED, OWN, NONE = "joined", "own", "none"


class ServicesField(TermsField):
    """Services of the list, found by name as in every search box; with ``user``, only those that they may change."""

    def __init__(self, documents: Mapping[str, Mapping], *, user: AbstractBaseUser | None = None, **kwargs):
        attrs = {"data-placeholder": "按名称、俗称或代码查找。例：养老、NM-05-01"}
        widget = TermSelectMultiple(Entry._meta.get_field("service"), admin.site, attrs=attrs)
        super().__init__(Service.objects.all(), widget=widget, **kwargs)
        self.documents, self.user = documents, user

    def label_from_instance(self, service: Service) -> str:
        document = self.documents.get(service.code)
        return named(service.code, document and document["name"])

    def clean(self, value):
        services = super().clean(value)
        for service in services:
            if service.code not in self.documents:
                raise forms.ValidationError(f"{service.code} 不在最后发布的版本中。")
            lead = self.documents[service.code]["lead_department"]
            if self.user and not permissions.can_change(self.user, lead and lead["code"], timezone.localdate()):
                whose = f"由{lead['name']}牵头" if lead else "的牵头单位未知"
                raise forms.ValidationError(f"{self.label_from_instance(service)}{whose}，不能由您提出。")
        return [service.code for service in services]


class ChooseForm(forms.Form):
    """The services that are merged, or the one that is split."""

    def __init__(self, *args, kind: str, documents: Mapping, user: AbstractBaseUser, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.kind = kind
        merging = kind == Kind.MERGE
        self.fields["services"] = ServicesField(
            documents,
            user=user,
            label="合并哪些项目" if merging else "拆分哪个项目",
            help_text="选两个或更多。例：老年人健康管理、老年人能力评估" if merging else "选一个。例：老年人健康管理",
        )

    def clean_services(self) -> list[str]:
        services = self.cleaned_data["services"]
        if self.kind == Kind.MERGE and len(services) < 2:
            raise forms.ValidationError("合并至少要选两个项目。")
        if self.kind == Kind.SPLIT and len(services) != 1:
            raise forms.ValidationError("拆分只选一个项目。")
        return services


class AssistantHeadForm(ChangeHeadForm):
    """Reason and day of a proposal; title and document number follow from what is chosen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        for name in ("title", "document_number", "raises_cost"):
            del self.fields[name]
        self.fields["reason"].help_text = "不写，理由就是“依据”所选的文件。例：两项服务内容重叠"


class BasisForm(NewClauseForm):
    """The document that a withdrawal rests on: no value is left that a clause could support."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("locator", "quote"):
            del self.fields[name]


class WithdrawForm(forms.Form):
    def __init__(self, *args, documents: Mapping, user: AbstractBaseUser, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.fields["services"] = ServicesField(documents, user=user, label="取消哪些项目", help_text="可以选几个。")
        self.fields["successors"] = ServicesField(
            documents, required=False, label="由哪些项目承接", help_text="读者会被引到这里。例：老年人健康管理"
        )
        self.fields["without"] = VisibleCharField(
            label="没有承接项目的，写明原因", required=False, max_length=500, help_text="例：所据规定已经废止"
        )

    def clean(self) -> dict:
        cleaned = super().clean()
        services, successors = cleaned.get("services") or [], cleaned.get("successors") or []
        if both := set(services) & set(successors):
            self.add_error("successors", f"{'、'.join(sorted(both))} 要取消，不能承接。")
        if successors and cleaned.get("without"):
            self.add_error("without", "选了承接项目，就不写没有承接项目的原因；请只留一个。")
        elif not successors and not cleaned.get("without") and "successors" not in self.errors:
            self.add_error("successors", "请选择由哪些项目承接；没有的，在下面写明原因。")
        return cleaned


class NewServiceForm(EntryForm):
    """The few fields that a new service is asked for."""

    def __init__(self, *args, documents: Mapping, lead: Department | None, **kwargs):
        super().__init__(
            *args, stated=drafts.blank_entry(""), only=ASKED, use_required_attribute=False, **kwargs
        )  # fmt: skip
        self.documents = documents
        for name in NOT_ASKED:
            self.fields.pop(name, None)
        self.order_fields(["domain", "name", "lead_department"])
        given = codes.next_codes()
        self.fields["domain"].label_from_instance = lambda domain: f"{domain.name}（代码将是 {given[domain.code]}）"
        self.fields["domain"].help_text = "代码由系统给：这个领域里从未用过的下一个。"
        self.fields["lead_department"].required = True
        self.initial["lead_department"] = lead

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        refuse_listed(name, self.documents)
        return name


def refuse_listed(name: str, documents: Mapping, besides: Sequence[str] = ()) -> None:
    """Raise ValidationError if a service of the list other than ``besides`` has the name."""
    for code, document in documents.items():
        if code not in besides and carrying.same_name(document["name"], name):
            raise forms.ValidationError(f"“{name}”已经在清单中：{code} {document['name']}。")


class Row(NamedTuple):
    """A field of the services that are merged, for the template: its value in each, the choice, and the own text."""

    label: str
    values: list[tuple[str, str]]
    choice: forms.BoundField
    own: forms.BoundField | None


class MergeForm(forms.Form):
    """For every field that a merged service states, what is carried over."""

    def __init__(self, *args, documents: Mapping, selected: Sequence[str], **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.documents, self.selected = documents, selected
        self.entries = {code: entry_data(documents[code]) for code in selected}
        go_on = [(code, f"沿用 {code} {documents[code]['name']}") for code in selected]
        self.fields["goes_on"] = forms.ChoiceField(
            label="合并后的代码", choices=[("", "用新的代码（由系统给）"), *go_on], required=False,
            help_text="例：一项并入另一项的，沿用后者；合成一项新的服务，用新的代码。",
        )  # fmt: skip
        self.carried = [field for field in SourcedField.values if any(map(self._has(field), selected))]
        for field in self.carried:
            self.fields[f"choice_{field}"] = forms.ChoiceField(
                label=f"“{SourcedField(field).label}”带入哪一个",
                choices=self._choices(field),
                widget=forms.RadioSelect,
                initial=self._default(field),
            )
            if field in sourcing.TEXT_COLUMNS:
                self.fields[f"own_{field}"] = VisibleCharField(
                    label=f"自拟的“{SourcedField(field).label}”",
                    required=False,
                    max_length=200 if field == "name" else 5000,
                    widget=forms.Textarea(
                        attrs={"rows": 2, "class": "desk-text", "placeholder": "数字和日期须见于带入的或下面的条文"}
                    ),
                )
        self.fields["own_name"].widget = forms.TextInput(attrs={"placeholder": "例：老年人健康服务"})

    def _has(self, field: str):
        return lambda code: carrying.has_value(self.entries[code], field)

    def _choices(self, field: str) -> list[tuple[str, str]]:
        holders = [code for code in self.selected if self._has(field)(code)]
        if carrying.is_same(self.entries.values(), field):
            choices = [(JOINED, "带入（各项相同）")]
        else:
            choices = [(code, f"{code} 的") for code in holders]
            choices += [(JOINED, "合写")] if len(holders) > 1 and field in carrying.JOINABLE else []
        choices += [(OWN, "自拟")] if field in sourcing.TEXT_COLUMNS else []
        return choices + ([(NONE, "不带，以后再写")] if field not in ("name", "domain") else [])

    def _default(self, field: str) -> str:
        choices = [value for value, _ in self._choices(field)]
        if field == "name":
            return OWN
        if field == "name_en":
            # The translation of the old name is not that of a new one.
            return NONE
        return JOINED if JOINED in choices else choices[0]

    def rows(self) -> list[Row]:
        return [
            Row(
                SourcedField(field).label,
                [(code, carrying.stated(self.documents[code], field, value_text)) for code in self.selected],
                self[f"choice_{field}"],
                self[f"own_{field}"] if f"own_{field}" in self.fields else None,
            )
            for field in self.carried
        ]

    def clean(self) -> dict:
        cleaned = super().clean()
        for field in self.carried:
            own = cleaned.get(f"own_{field}")
            if cleaned.get(f"choice_{field}") == OWN and not own:
                self.add_error(f"own_{field}", f"选了自拟，请写下“{SourcedField(field).label}”。")
            elif own and cleaned.get(f"choice_{field}") != OWN:
                self.add_error(f"choice_{field}", f"写了自拟的“{SourcedField(field).label}”，请选“自拟”或者删去。")
        if cleaned.get("choice_name") == OWN and cleaned.get("own_name"):
            try:
                refuse_listed(cleaned["own_name"], self.documents, besides=self.selected)
            except forms.ValidationError as error:
                self.add_error("own_name", error)
        return cleaned

    def sources_of(self, field: str) -> list[Mapping]:
        """Return the entries from which a field and its clauses are carried over."""
        choice = self.cleaned_data[f"choice_{field}"]
        if choice == NONE or (field, choice) == ("name", OWN):
            # The clauses of the old names do not say the new one.
            return []
        chosen = self.selected if choice in (JOINED, OWN) else [choice]
        return [self.entries[code] for code in chosen if self._has(field)(code)]

    def own(self, field: str) -> str | None:
        return self.cleaned_data[f"own_{field}"] if self.cleaned_data[f"choice_{field}"] == OWN else None


class PartForm(forms.Form):
    """One of the services that a service is split into: its name, and the fields that it takes over."""

    name = VisibleCharField(label="名称", max_length=200, help_text="例：孤儿基本生活保障")
    carry = forms.MultipleChoiceField(label="带入原项目的", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, documents: Mapping, code: str, number: int):
        base = entry_data(documents[code])
        fields = [field for field in SourcedField.values if carrying.has_value(base, field)]
        fields = [field for field in fields if field not in ("name", "name_en", "domain")]
        optional = number > MIN_PARTS
        super().__init__(
            *args, prefix=f"part-{number}", initial={"carry": fields}, empty_permitted=optional,
            use_required_attribute=False,
        )  # fmt: skip
        self.documents, self.code, self.number = documents, code, number
        self.fields["carry"].choices = [(field, SourcedField(field).label) for field in fields]
        self.fields["name"].label = f"第 {number} 个项目的名称"

    def has_changed(self) -> bool:
        # The ticks are there before a name is.
        return "name" in self.changed_data

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        refuse_listed(name, self.documents, besides=[self.code])
        return name


class SplitForm(forms.Form):
    goes_on = forms.BooleanField(label="第 1 个项目沿用原来的代码", label_suffix="", required=False)

    def __init__(self, *args, code: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["goes_on"].help_text = f"勾选就不取消 {code}；不勾选，{code} 取消，由下面各项承接，各用新的代码。"


class SuccessorsForm(forms.Form):
    """What follows a service that is withdrawn: services of the list by name, and those that the proposal adds."""

    def __init__(self, *args, documents: Mapping, added: Mapping[str, str], successors: Sequence[str], **kwargs):
        listed = list(Service.objects.filter(code__in=[code for code in successors if code in documents]))
        initial = {"services": listed, "added": [code for code in successors if code in added]}
        super().__init__(*args, initial=initial, use_required_attribute=False, **kwargs)
        if added:
            choices = [(code, named(code, name)) for code, name in added.items()]
            self.fields["added"] = forms.MultipleChoiceField(
                label="本建议新增的项目", choices=choices, required=False, widget=forms.CheckboxSelectMultiple
            )
        self.fields["services"] = ServicesField(
            documents, required=False, label="清单里的项目", help_text="例：老年人健康管理。都不选，就是没有承接项目。"
        )

    def codes(self) -> list[str]:
        return [*self.cleaned_data.get("added", []), *self.cleaned_data["services"]]
