"""Model of the audit log: events, each chained to the previous one."""

import json
from functools import cached_property

from django.db import models
from django.db.models import Q

from services.fields import DIGEST, Choice, Code, Line, Text


class EventQuerySet(models.QuerySet):
    def changes(self):
        """Return the changes made by publications, in the order of the public change feed."""
        return self.filter(verb__in=Event.CHANGES).order_by("number")

    def checks(self, editions: list[str]):
        """Return the checks and changes of services in some editions, oldest first."""
        verbs = [Event.Verb.CHECKED, Event.Verb.SERVICE_ADDED, Event.Verb.SERVICE_CHANGED]
        return self.filter(verb__in=verbs, edition__in=editions, service__isnull=False).order_by("number")


class Event(models.Model):
    """One step or one change of a field (记录). Triggers refuse any change of an event, and the chain reveals one.

    Codes and names are those of the time of the event, without foreign keys, so that an event is complete even after
    its subject is renamed or deleted. ``log.append()`` is the only writer.
    """

    class Verb(models.TextChoices):
        CREATED = "created", "新建"
        REVISED = "revised", "修改"
        DELETED = "deleted", "删除"
        PUBLISHED = "published", "发布"
        # The steps of a proposal.
        DRAFTED = "drafted", "起草建议"
        AMENDED = "amended", "修改建议"
        SUBMITTED = "submitted", "提交建议"
        ASSESSED = "assessed", "评估"
        APPROVED = "approved", "批准"
        DECLINED = "declined", "退回"
        TAKEN_UP = "taken-up", "编入版本"
        COMMENTED = "commented", "意见"
        EXPLAINED = "explained", "说明数字"
        HANDED_OVER = "handed-over", "转交"
        # The steps back of a proposal.
        RECALLED = "recalled", "撤回修改"
        REVOKED = "revoked", "撤销批准"
        TAKEN_OUT = "taken-out", "移出版本"
        VOIDED = "voided", "作废"
        # An observation that is a draft again.
        RETRACTED = "retracted", "撤回"
        # Checks and answers between editions.
        CHECKED = "checked", "核对无误"
        ANSWERED = "answered", "答复反馈"
        # The steps of feedback before its answer is public.
        TRANSFERRED = "transferred", "转办"
        ANSWER_DRAFTED = "answer-drafted", "起草答复"
        ANSWER_RETURNED = "answer-returned", "退回答复"
        # The public changes made by a publication, one event for each service.
        SERVICE_ADDED = "service-added", "服务项目新增"
        SERVICE_CHANGED = "service-changed", "服务项目调整"
        SERVICE_WITHDRAWN = "service-withdrawn", "服务项目取消"

    CHANGES = (Verb.SERVICE_ADDED, Verb.SERVICE_CHANGED, Verb.SERVICE_WITHDRAWN)
    # What is said of a proposal without being a step: its state stays.
    REMARKS = (Verb.COMMENTED, Verb.EXPLAINED, Verb.HANDED_OVER)
    # The columns covered by the digest of an event.
    HASHED_FIELDS = (
        "number",
        "at",
        "actor",
        "role",
        "department",
        "verb",
        "edition",
        "service",
        "proposal",
        "field",
        "before",
        "after",
        "reason",
        "document_number",
        "request_id",
        "previous_digest",
    )
    # Columns added later: covered only if they have a value, so that the digests of older events stay valid.
    LATER_HASHED_FIELDS = ("term",)

    number = models.PositiveBigIntegerField("编号", unique=True, help_text="从 1 起连续，也是变更流的游标。")
    at = models.DateTimeField("时间")
    actor = Line("经办人", max_length=150, null=True, help_text="账号；空为系统装入。")
    role = Line("角色", max_length=100, null=True)
    department = Line("部门", max_length=64, null=True, help_text="部门代码。")
    verb = Choice("事项", choices=Verb)
    edition = Line("版本", max_length=50, null=True, help_text="版本标识。")
    service = Line("服务项目", max_length=64, null=True, help_text="服务项目代码。")
    proposal = models.PositiveIntegerField("调整建议", null=True, help_text="建议编号。")
    term = Line("词条", max_length=150, null=True, help_text="词表与代码，或账号。例：department/finance")
    field = Line("字段", max_length=40, null=True)
    before = Text("改前", null=True, help_text="规范 JSON。")
    after = Text("改后", null=True, help_text="规范 JSON。")
    reason = Text("理由", null=True)
    document_number = Line("文号", max_length=100, null=True)
    request_id = Line("请求编号", max_length=64, null=True)
    previous_digest = Code("前一条摘要", pattern=DIGEST, null=True, unique=True)
    digest = Code("摘要（SHA-256）", pattern=DIGEST, unique=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        verbose_name = verbose_name_plural = "记录"
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(number=1, previous_digest__isnull=True) | Q(number__gt=1, previous_digest__isnull=False),
                name="event_follows_the_one_before",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.get_verb_display()}"

    @cached_property
    def state(self) -> dict:
        """``after``, parsed once: a change of a service has up to 66 kB."""
        return json.loads(self.after)
