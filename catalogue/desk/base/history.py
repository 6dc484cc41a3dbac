"""The history of a row: who changed what, when and why, read from the append-only audit log."""

import json
from collections.abc import Iterable

from django.apps import apps
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalogue.accounts import names
from catalogue.audit import snapshots
from catalogue.models import Assessment, AssessmentLine, Citation, Edition, Entry, Event, Proposal
from catalogue.workflow import wording
from services.eligibility import rules
from services.models import Department, Domain, Region, TargetGroup
from services.sources import Source

# Chinese labels for the keys in the audit log. The ``verbose_name`` of a model's field takes precedence.
WORDS = dict(Citation.FIELDS) | {
    "citations": "字段来源",
    "cases": "案例的改动",
    "verification": "核实情况",
    "basis": "依据类别",
    "password": "密码",
    "answer": "答复",
    "summary": "公开摘要",
    "tasks": "主要任务",
    "projects": "项目",
    "identifiers": "官方代码",
    "meanings": "所指服务",
    "counts_from": "可采信起始日",
    "position": "次序",
    "memberships": "所属部门",
    "groups": "角色",
    "code": "代码",
    "entries": "条目",
    "service": "服务项目",
    "action": "动作",
    "stated": "新的内容",
    "successors": "承接项目",
    "field": "字段",
    "source": "来源文件",
    "locator": "出处",
    "quote": "原文",
    "text": "文字",
    "jurisdiction": "适用范围",
    "region": "行政区划",
    "department": "部门",
    "title": "标题",
    "name": "名称",
    "previous": "上一版本",
    "digest": "摘要",
    "fields": "变化的字段",
    "before": "改前",
    "after": "改后",
    "document": "文件",
    "proposals": "调整建议",
    "figures": "不在原文中的数字",
    "figure_reasons": "数字的理由",
    "value": "值",
    "lines": "分项",
    "attachments": "附件",
    "full_text": "全文（SHA-256）",
    "total": "总额（元）",
    "increment": "比原来增加（元）",
    "borne_centre": "中央负担（元）",
    "borne_region": "自治区负担（元）",
    "borne_league": "盟市负担（元）",
    "borne_banner": "旗县负担（元）",
    "added_centre": "中央增加（元）",
    "added_region": "自治区增加（元）",
    "added_league": "盟市增加（元）",
    "added_banner": "旗县增加（元）",
}
# Logged keys whose values are codes of a vocabulary; the log has codes, and a page says their names.
VOCABULARIES = {
    **dict.fromkeys(("source", "legal_basis", "replaced_by"), Source),
    **dict.fromkeys(
        ("department", "lead_department", "lead_department_alternatives", "co_departments", "memberships"), Department
    ),
    "target_groups": TargetGroup,
    "domain": Domain,
    "region": Region,
}
# The keys of a term in the document of an entry.
NAMED_TERM = {"code", "name", "short_name", "name_en", "title", "document_number"}
MODELS = (Entry, Proposal, Assessment, AssessmentLine, Edition)
PER_PAGE = 100


class VocabularyNames(dict):
    """The names of the terms of each vocabulary by code, read when they are first asked for."""

    def __missing__(self, vocabulary: type[models.Model]) -> dict[str, str]:
        rows = vocabulary._default_manager.all()
        if vocabulary is get_user_model():
            self[vocabulary] = {user.get_username(): names.full_name(user) for user in rows}
        elif "code" in {field.name for field in vocabulary._meta.fields}:
            self[vocabulary] = {term.code: wording.name_of(term, short=True) for term in rows}
        else:
            # A word, or a role, is called as it is.
            self[vocabulary] = {}
        return self[vocabulary]


class AuditHistoryMixin:
    """For admins: the history of a row is its audit log. Django's own ``LogEntry`` would duplicate it and is off."""

    def events_of(self, obj: models.Model) -> models.QuerySet:
        return Event.objects.filter(term=snapshots.term_reference(obj))

    def events_shown(self, obj: models.Model) -> models.QuerySet:
        """Return the events of a row with the names of their actors, for ``event_rows()``."""
        return names.with_actors(self.events_of(obj))

    def event_rows(self, events: Iterable[Event]) -> list[dict]:
        """Return events for a template: each with its actor, the label of its field, and both values as text."""
        terms = VocabularyNames()
        return [
            {
                "event": event,
                "actor": names.actor(event),
                "field": field_in_words(self.model, event.field),
                "before_and_after": [
                    in_words(value, about=event.field, terms=terms) for value in (event.before, event.after)
                ],
            }
            for event in events
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        pages = Paginator(self.events_shown(obj).order_by("-number"), PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        context = self.admin_site.each_context(request) | {
            "title": f"变更历史：{obj}",
            "subtitle": None,
            "opts": self.opts,
            "object": obj,
            "page": page,
            "events": self.event_rows(page),
        }
        return TemplateResponse(request, "desk/history.html", context | (extra_context or {}))

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None

    def log_deletions(self, request, queryset):
        return None


def field_in_words(model: type[models.Model], field: str | None) -> str | None:
    """Return the Chinese label of a logged field, looked up in the model, then ``MODELS``, then ``WORDS``.

    None stays None; a field without a label is returned as it is.
    """
    if field is None:
        return None
    for candidate in (model, *MODELS):
        try:
            return str(candidate._meta.get_field(field).verbose_name)
        except (FieldDoesNotExist, AttributeError):
            continue
    return WORDS.get(field, field)


def term_in_words(reference: str | None, terms: VocabularyNames) -> str:
    """Return the term of an event (``snapshots.term_reference()``) by name, 「部门 自治区财政厅」; "" for None."""
    if not reference:
        return ""
    model_name, _, key = reference.partition("/")
    model = next((model for model in apps.get_models() if model._meta.model_name == model_name), None)
    return f"{model._meta.verbose_name} {terms[model].get(key, key)}" if model else reference


def in_words(value: str | None, *, about: str | None = None, terms: VocabularyNames) -> str:
    """Return a logged value (JSON text) of the field ``about`` as text; "" for None (none was logged)."""
    return "" if value is None else value_in_words(about, json.loads(value), terms)


def value_in_words(field: str | None, value: object, terms: VocabularyNames, depth: int = 0) -> str:
    """Return a decoded value as text, a mapping with one line for each of its keys."""
    if field == "cases" and isinstance(value, list):
        return "\n".join("　" * depth + wording.case_change_text(change, terms[Source]) for change in value)
    codes = value if isinstance(value, list) else [value]
    if field in VOCABULARIES and codes and all(isinstance(code, str) and code for code in codes):
        names_by_code = terms[VOCABULARIES[field]]
        return wording.SEPARATOR.join(names_by_code.get(code, code) for code in codes)
    if wording.is_rule(value) and not rules.faults(value):
        return wording.value_text(value)
    if depth and isinstance(value, dict) and "code" in value and value.keys() <= NAMED_TERM:
        return wording.name_of(value)
    if value and isinstance(value, dict):
        has_choices = field in wording.CHOICES
        lines = [
            (
                WORDS.get(key) or field_in_words(Entry, key),
                value_in_words(field if has_choices else key, item, terms, depth + 1),
            )
            for key, item in value.items()
        ]
        indent = "　" * depth
        return "\n".join(
            f"{indent}{key}：{f'{chr(10)}{text}' if chr(10) in text else text.strip()}" for key, text in lines
        )
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "\n".join(value_in_words(field, item, terms, depth) for item in value)
    return wording.value_text(value, field=field)
