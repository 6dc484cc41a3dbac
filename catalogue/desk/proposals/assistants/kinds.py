"""The assistants for the rarer kinds of proposal: 新增, 取消, 合并 and 拆分.

Each has the forms of one page, and says which entries follow from what was typed. It writes nothing but a new document.
Services are chosen by name, codes are given, and contents come with the clauses that they rest on.
"""

from collections.abc import Iterator, Mapping, Sequence

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.http import QueryDict
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.desk.proposals.assistants import carrying
from catalogue.desk.proposals.assistants.forms import (
    ASKED,
    MAX_PARTS,
    AssistantHeadForm,
    BasisForm,
    MergeForm,
    NewServiceForm,
    PartForm,
    Row,
    SplitForm,
    WithdrawForm,
)
from catalogue.desk.proposals.field_forms import NewClauseForm
from catalogue.desk.proposals.forms import plain
from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.document import entry_data
from catalogue.models import Proposal, ProposedEntry
from catalogue.workflow.checks import codes
from catalogue.workflow.maintenance import new_sources
from services.models import Department, Service

Action, Kind = ProposedEntry.Action, Proposal.Kind


def proposed(code: str, action: str, data: Mapping | None, successors: Sequence[str] = ()) -> dict:
    return {"service": code, "action": action, "entry_data": data, "successors": list(successors)}


class Assistant:
    """An assistant's forms: the ``subject`` of its kind, the clause or document, and the head.

    ``documents`` is the list that is changed, by code; ``selected`` are the codes of the services that were chosen.
    """

    kind: str
    words = ""
    # The fields that the new clause can support, and those that it does if it is not said.
    supports: list[str] = ["name"]
    default_supports: list[str] = ["name"]
    clause_class = NewClauseForm

    def __init__(self, post: QueryDict | None, *, user: AbstractBaseUser, documents: Mapping, selected: Sequence[str]):
        self.documents, self.selected, self.user = documents, selected, user
        lead = self._lead()
        self.head = AssistantHeadForm(post, user=user, initial={"department": lead} if lead else {})
        self.subject = self.make_subject(post)
        self.parts: list[PartForm] = []
        self.clause = self.clause_class(post, clause=None, fields=self.supports, number=None, prefix="new-0")
        if "supports" in self.clause.fields:
            self.clause.initial["supports"] = self.default_supports
        self.clause.document.fields["document_number"].help_text = "例：内民政发〔2026〕18号"

    def _lead(self) -> Department | None:
        leads = [self.documents[code]["lead_department"] for code in self.selected]
        return Department.objects.filter(code=leads[0]["code"]).first() if leads and leads[0] else None

    def make_subject(self, post: QueryDict | None) -> forms.BaseForm:
        raise NotImplementedError

    def entries(self) -> list[dict]:
        """Return the proposed entries, in the shape that ``proposals.draft()`` takes."""
        raise NotImplementedError

    def title(self) -> str:
        raise NotImplementedError

    def all_forms(self) -> list[forms.BaseForm]:
        return [self.subject, *self.parts, self.clause, self.clause.document, self.head]

    def is_subject_valid(self) -> bool:
        """Whether what the kind itself asks for is valid."""
        # Every form is validated, so that all errors are told at once.
        return not [form for form in (self.subject, *self.parts, self.head) if not form.is_valid()]

    def is_valid(self) -> bool:
        is_valid = self.clause.is_valid() & self.is_subject_valid()
        if is_valid and not self.head.cleaned_data["reason"] and not self.is_clause_given:
            self.head.add_error("reason", "请写明理由，或者选择所依据的文件。")
        return is_valid and not self.head.errors

    @property
    def is_clause_given(self) -> bool:
        return self.clause.is_given

    def store_document(self, *, context: AuditContext) -> None:
        if self.is_clause_given and not self.clause.cleaned_data["source"]:
            new_sources.store(self.clause.document.instance, context=context)

    def values(self) -> dict:
        """Return the columns of the proposal; call it when the document is stored."""
        cleaned, source = self.head.cleaned_data, self.clause.cited_source() if self.is_clause_given else None
        return {
            "kind": self.kind,
            "title": self.title()[:200],
            "department": cleaned["department"],
            "effective_from": cleaned["effective_from"],
            "reason": self.reason(cleaned["reason"] or f"依据《{source.title}》。"),
            "document_number": source and source.document_number,
        }

    def reason(self, given: str) -> str:
        return given

    def new_citations(self, field: str) -> list[dict]:
        return [self.clause.citation(field)] if self.is_clause_given and field in self.clause.supported() else []

    def names(self) -> str:
        return "、".join(f"“{self.documents[code]['name']}”" for code in self.selected)


class Withdrawal(Assistant):
    kind, clause_class = Kind.WITHDRAW, BasisForm
    words = "所选项目从施行之日起不再列在清单里；页面仍在，写明由何项目承接。"

    def make_subject(self, post):
        services = Service.objects.filter(code__in=self.selected)
        return WithdrawForm(post, documents=self.documents, user=self.user, initial={"services": list(services)})

    def title(self):
        names = [f"“{self.documents[code]['name']}”" for code in self.subject.cleaned_data["services"]]
        return f"取消{'、'.join(names)}"

    def reason(self, given):
        without = self.subject.cleaned_data["without"]
        return f"{given}\n没有承接项目：{without}" if without else given

    def entries(self):
        cleaned = self.subject.cleaned_data
        return [proposed(code, Action.WITHDRAW, None, cleaned["successors"]) for code in cleaned["services"]]


class Addition(Assistant):
    kind, supports, default_supports = Kind.ADD, ASKED, ASKED
    words = "只写提交所必需的几项；其余（享受条件、法律法规依据……）保存之后在整项表单里写，不写就是未知。"

    def make_subject(self, post):
        departments = Department.objects.filter(
            code__in=permissions.acting_departments(self.user, timezone.localdate())
        )
        lead = departments.get() if departments.count() == 1 else None
        return NewServiceForm(post, documents=self.documents, lead=lead)

    def title(self):
        return f"新增“{self.subject.cleaned_data['name']}”"

    def entries(self):
        typed = {name: plain(value) for name, value in self.subject.cleaned_data.items()}
        code = codes.free_codes(typed["domain"])[0]
        entry = drafts.blank_entry(code) | typed
        carrying.add_clauses(entry, {field: self.new_citations(field) for field in ASKED})
        return [proposed(code, Action.ADD, entry)]


class Merger(Assistant):
    kind = Kind.MERGE
    words = "逐个字段选择带入哪一个，所据条文随着带入；被合并的项目取消，由合并后的项目承接。"
    supports = list(sourcing.TEXT_COLUMNS)

    def make_subject(self, post):
        return MergeForm(post, documents=self.documents, selected=self.selected)

    def rows(self) -> list[Row]:
        return self.subject.rows()

    def selected_documents(self) -> list[tuple[str, Mapping]]:
        return [(code, self.documents[code]) for code in self.selected]

    def title(self):
        return f"合并{self.names()}"

    def entries(self):
        form, goes_on = self.subject, self.subject.cleaned_data["goes_on"]
        entry = drafts.blank_entry(goes_on)
        for field in form.carried:
            carrying.carry(entry, field, form.sources_of(field), own=form.own(field), new=self.new_citations(field))
        if not goes_on:
            entry["code"] = codes.free_codes(entry["domain"])[0]
            result = proposed(entry["code"], Action.ADD, entry)
        else:
            base = form.entries[goes_on]
            target = entry | {"number": base["number"], "note": base["note"]}
            result = proposed(goes_on, Action.CHANGE, merge.make_change(base, target))
        ended = [code for code in self.selected if code != goes_on]
        return [*(proposed(code, Action.WITHDRAW, None, [entry["code"]]) for code in ended), result]


class Splitting(Assistant):
    kind = Kind.SPLIT
    words = "写下各部分的名称，勾选各自带入的内容，所据条文随着带入；保存之后逐项修改。"

    def __init__(self, post, **kwargs):
        super().__init__(post, **kwargs)
        self.parts = [
            PartForm(post, documents=self.documents, code=self.code, number=number)
            for number in range(1, MAX_PARTS + 1)
        ]

    @property
    def code(self) -> str:
        return self.selected[0]

    def make_subject(self, post):
        return SplitForm(post, code=self.code)

    def is_subject_valid(self):
        is_valid = super().is_subject_valid()
        names: list[str] = []
        for part in self.parts if is_valid else ():
            name = part.cleaned_data.get("name")
            if name and any(carrying.same_name(name, other) for other in names):
                part.add_error("name", f"“{name}”写了两次。")
            names += [name] if name else []
        return is_valid and not any(part.errors for part in self.parts)

    def title(self):
        return f"拆分{self.names()}"

    def entries(self):
        base = entry_data(self.documents[self.code])
        named = [part for part in self.parts if part.cleaned_data.get("name")]
        goes_on = self.subject.cleaned_data["goes_on"]
        given = codes.free_codes(base["domain"], len(named) - goes_on)
        given = [self.code, *given] if goes_on else given
        entries = [self._part(base, part, code) for part, code in zip(named, given, strict=True)]
        return [*entries, *([] if goes_on else [proposed(self.code, Action.WITHDRAW, None, given)])]

    def _part(self, base: Mapping, part: PartForm, code: str) -> dict:
        entry = drafts.blank_entry(code)
        same_name = carrying.same_name(part.cleaned_data["name"], base["name"])
        carrying.carry(
            entry, "name", [base] if same_name else [], own=part.cleaned_data["name"], new=self.new_citations("name")
        )
        for field in ["domain", *part.cleaned_data["carry"]]:
            carrying.carry(entry, field, [base])
        if code != self.code:
            return proposed(code, Action.ADD, entry)
        target = entry | {"number": base["number"], "note": base["note"]}
        return proposed(code, Action.CHANGE, merge.make_change(base, target))


ASSISTANTS = {assistant.kind: assistant for assistant in (Addition, Withdrawal, Merger, Splitting)}


def sections(assistant: Assistant) -> Iterator[tuple[str, list[forms.BoundField]]]:
    """Yield the boxes of the subject that are no row of a table, with a heading."""
    boxes = [box for box in assistant.subject if not box.name.startswith(("choice_", "own_"))]
    yield f"{Kind(assistant.kind).label}什么", boxes
