"""Feedback of the public on services."""

import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Case, CharField, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from catalogue.editions.models import Citation, Edition, Entry
from catalogue.workflow.models import Proposal
from services.departments import chain
from services.fields import Choice, Code, Line, Text
from services.models import Department, Service

RECEIPT_PATTERN = r"\A[0-9a-z]{16}\Z"


class FeedbackQuerySet(models.QuerySet):
    def unanswered(self):
        return self.exclude(state=Feedback.State.ANSWERED)

    def public(self):
        """Those whose summary an editor published with the answer, the newest answer first."""
        return self.filter(summary__isnull=False).order_by("-answered_at", "-id")

    def with_lead_department(self, on: datetime.date):
        """Feedback with ``lead``: the code of the department that answers it, None if unknown.

        It is the department that the message was transferred to, or else the lead department of its service in the
        edition in force on a day, or else in the newest published edition with the service; or the one that took its
        place by the day. One query at once.
        """
        entries = Entry.objects.of_service(OuterRef("service"), on)
        stated = Coalesce("department__code", Subquery(entries.values("lead_department__code")[:1]))
        successors = Department.objects.successors(on)
        replaced = [When(stated=code, then=Value(chain(code, successors)[-1])) for code in successors]
        return self.alias(stated=stated).annotate(lead=Case(*replaced, default="stated", output_field=CharField()))

    def to_release(self, user):
        """Those with a drafted answer that a user may make public: not one that he or she drafted."""
        return self.filter(draft_answer__isnull=False).exclude(drafter=user)


class Feedback(models.Model):
    """A message of the public about a service (意见反馈): plan, chapter 9, section 1; without one, of an unmet need.

    Anyone may send one, and looks it up by its receipt. One person drafts the answer and another one makes it public;
    the contact details are deleted with that, and are never public and never in the audit log.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "已收到"
        CONSIDERED = "considered", "已转为调整建议"
        ANSWERED = "answered", "已答复"

    class Kind(models.TextChoices):
        ERROR = "error", "指出错误"
        NEED = "need", "提出需求"
        PRAISE = "praise", "表扬"

    receipt = Code("回执编号", pattern=RECEIPT_PATTERN, unique=True)
    kind = Choice("种类", choices=Kind, default=Kind.ERROR)
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="feedback", null=True, blank=True, verbose_name="服务项目代码"
    )
    field = Choice("字段", choices=Citation.FIELDS, null=True, blank=True)
    edition = models.ForeignKey(
        Edition, models.PROTECT, related_name="feedback", null=True, blank=True, verbose_name="版本"
    )
    message = Text("意见", validators=[MaxLengthValidator(5000)])
    contact = Line("联系方式", max_length=200, null=True, blank=True, help_text="答复后即删除，不公开。")
    at = models.DateTimeField("收到时间")
    state = Choice("状态", choices=State, default=State.RECEIVED)
    answer = Text("公开答复", null=True, blank=True, help_text="凭回执编号可以看到。例：已列入2027年版调整建议。")
    summary = Line(
        "公开摘要",
        max_length=300,
        null=True,
        blank=True,
        help_text="写了就在接口中公开，与答复放在一起；用编辑自己的话，不写来信人的情况。例：有人指出2025年的标准已经提高。",
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="feedback", null=True, blank=True, verbose_name="转办到"
    )
    draft_answer = Text("起草的答复", null=True, blank=True)
    draft_summary = Line("起草的公开摘要", max_length=300, null=True, blank=True)
    drafter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="答复起草人"
    )
    releaser = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="答复审核人"
    )
    proposal = models.ForeignKey(
        Proposal,
        models.PROTECT,
        related_name="feedback",
        null=True,
        blank=True,
        verbose_name="由此提出的建议",
    )

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = verbose_name_plural = "意见反馈"
        default_permissions = ("view", "change")
        permissions = [("release_feedback", "可以审核公开答复")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="answered", answer__isnull=False, answered_at__isnull=False)
                | ~Q(state="answered") & Q(answer__isnull=True, answered_at__isnull=True),
                name="feedback_answered_with_an_answer",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(contact__isnull=True), name="feedback_contact_gone_once_answered"
            ),
            models.CheckConstraint(
                condition=Q(state="answered") | Q(summary__isnull=True), name="feedback_summary_with_an_answer"
            ),
            models.CheckConstraint(
                condition=Q(state="answered", drafter__isnull=False, releaser__isnull=False, draft_answer__isnull=True)
                | ~Q(state="answered")
                & Q(releaser__isnull=True)
                & (Q(drafter__isnull=False, draft_answer__isnull=False) | Q(drafter=None, draft_answer=None)),
                name="feedback_answer_drafted_then_released",
            ),
            models.CheckConstraint(
                condition=Q(draft_answer__isnull=False) | Q(draft_summary__isnull=True),
                name="feedback_draft_summary_with_a_draft",
            ),
            models.CheckConstraint(
                condition=Q(releaser__isnull=True) | ~Q(releaser=F("drafter")),
                name="feedback_released_by_another",
                violation_error_message="答复由起草人以外的人审核公开。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt}（{self.service or self.get_kind_display()}）"
