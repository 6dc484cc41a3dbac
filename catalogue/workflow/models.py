"""Models of a change of the list: proposals, their entries, cost assessments, approvals and attachments."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Round
from django.db.models.lookups import Exact

from catalogue.accounts import names
from catalogue.audit.models import Event
from catalogue.editions.cases import CASE_CODE
from catalogue.editions.models import Edition, SourcedField
from services.fields import DIGEST, Choice, Code, Line, Text
from services.models import Department, Region
from services.sources import Source

SERVICE_CODE_PATTERN = r"\ANM-[0-9]{2}-[0-9]{2,}\Z"


class ProposalQuerySet(models.QuerySet):
    def pending(self):
        """Proposals that wait for an assessment, a decision or an edition."""
        return self.filter(state__in=[Proposal.State.ASSESSING, Proposal.State.APPROVING, Proposal.State.APPROVED])

    def unfinished(self):
        """Proposals that are neither void nor published."""
        return self.exclude(state__in=[Proposal.State.VOID, Proposal.State.PUBLISHED])

    def included_in(self, edition: Edition):
        """Proposals in an edition (one published again: in the original), in the order in which they were taken up.

        ``included_event`` is the number of the event; the latest, if a proposal was taken out and taken up again.
        """
        events = Event.objects.filter(verb=Event.Verb.TAKEN_UP, proposal=OuterRef("number")).order_by("-number")
        included = self.filter(edition=edition.original).annotate(included_event=Subquery(events.values("number")[:1]))
        return included.order_by(F("included_event").asc(nulls_last=True), "number")


class Proposal(models.Model):
    """A proposed change of the list (调整建议): plan, chapter 3, sections 2 and 4.

    The state changes only through the functions of ``catalogue.workflow.proposals``. A database trigger refuses an
    approved proposal without an approval by a person who neither proposed nor assessed it.
    """

    class Kind(models.TextChoices):
        ADD = "add", "新增"
        CHANGE = "change", "调整"
        WITHDRAW = "withdraw", "取消"
        MERGE = "merge", "合并"
        SPLIT = "split", "拆分"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ASSESSING = "assessing", "待评估"
        APPROVING = "approving", "待审批"
        APPROVED = "approved", "已批准"
        DECLINED = "declined", "已退回"
        VOID = "void", "已作废"
        PUBLISHED = "published", "已发布"

    number = models.PositiveIntegerField("编号", unique=True, help_text="自动编号。")
    kind = Choice("类别", choices=Kind)
    state = Choice("状态", choices=State, default=State.DRAFT)
    region = models.ForeignKey(Region, models.PROTECT, related_name="proposals", verbose_name="行政区划")
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="proposals", verbose_name="提出部门", help_text="提出建议的部门。"
    )
    title = Line("标题", max_length=200, help_text="例：提高孤儿基本生活费标准")
    reason = Text("理由", help_text="为什么要调整。例：落实自治区政府第5次常务会议决定")
    document_number = Line("文号", max_length=100, null=True, blank=True, help_text="例：内民政发〔2026〕1号")
    effective_from = models.DateField("建议施行日期", help_text="例：2027-01-01")
    raises_cost = models.BooleanField("产生费用", default=False, help_text="会增加财政支出的，须先评估财政承受能力。")
    is_urgent = models.BooleanField(
        "紧急更正",
        default=False,
        help_text="更正现在在用的版本，赶在已封存而尚未施行的版本之前施行；那个版本随后带着这次更正重新发布。",
    )
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="proposals", verbose_name="提出人"
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="handled_proposals", verbose_name="经办人"
    )
    # Who proposed, typed, saved, submitted or was handed it: none of them assesses or decides. Triggers keep them.
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="edited_proposals", verbose_name="起草和修改的人"
    )
    edition = models.ForeignKey(
        Edition, models.PROTECT, related_name="proposals", null=True, blank=True, verbose_name="编入版本"
    )
    imported_from = Code(
        "导入文件的摘要", pattern=DIGEST, null=True, blank=True, help_text="由表格导入的建议：文件的 SHA-256。"
    )
    # The page that it was drafted on: the same form sent twice, two at once included, drafts one proposal.
    form_key = models.UUIDField("表单", null=True, blank=True, unique=True, editable=False)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = verbose_name_plural = "调整建议"
        default_permissions = ("add", "change", "view")
        permissions = [("assess_proposal", "评估调整建议"), ("approve_proposal", "审批调整建议")]
        constraints = [
            models.CheckConstraint(
                condition=Q(edition__isnull=True) | Q(state__in=["approved", "published"]),
                name="proposal_in_an_edition_is_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(edition__isnull=False), name="proposal_published_in_an_edition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class ProposedEntry(models.Model):
    """The change that a proposal makes to one service (建议条目)."""

    class Action(models.TextChoices):
        ADD = "add", "新增"
        CHANGE = "change", "调整"
        WITHDRAW = "withdraw", "取消"

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="entries", verbose_name="调整建议")
    service = Code(
        "服务项目代码", pattern=SERVICE_CODE_PATTERN, help_text="新增项目填写新的代码，不复用旧代码。例：NM-05-05"
    )
    action = Choice("动作", choices=Action)
    # Columns as in ``entry_data()``; the citations of the sourced fields that it contains.
    entry_data = models.JSONField("新的内容", null=True, blank=True, help_text="新的值及其来源。")
    successors = models.JSONField("由何项目承接", default=list, blank=True, help_text='例：["NM-05-05"]')

    class Meta:
        ordering = ["proposal", "service"]
        verbose_name = verbose_name_plural = "建议条目"
        constraints = [
            models.UniqueConstraint(fields=["proposal", "service"], name="proposed_entry_once_per_service"),
            models.CheckConstraint(
                condition=Q(action="withdraw", entry_data__isnull=True)
                | ~Q(action="withdraw") & Q(entry_data__isnull=False),
                name="proposed_entry_says_something_unless_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.service}"


class ProposedCase(models.Model):
    """The change that a proposal makes to one case of the edition it is taken up into (案例的改动).

    A change has only what it changes: ``circumstances`` are all of the person, None if they stay; ``expected`` has the
    outcome of each service that changes, None for one that is left out; ``because`` has the clause of the others.
    """

    class Action(models.TextChoices):
        ADD = "add", "新增"
        CHANGE = "change", "修改"
        WITHDRAW = "withdraw", "撤下"

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="cases", verbose_name="调整建议")
    code = Code("编号", pattern=CASE_CODE, max_length=80, help_text="自动编号。")
    action = Choice("动作", choices=Action)
    circumstances = models.JSONField("情况", null=True, blank=True)
    expected = models.JSONField("应有的结论", default=dict, blank=True)
    because = models.JSONField("依据", default=dict, blank=True)

    class Meta:
        ordering = ["proposal", "code"]
        verbose_name = verbose_name_plural = "案例的改动"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["proposal", "code"], name="proposed_case_once_per_case"),
            models.CheckConstraint(
                condition=Q(action="change")
                | Q(action="add", circumstances__isnull=False)
                | Q(action="withdraw", circumstances__isnull=True),
                name="proposed_case_added_has_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.code}"


class DraftInput(models.Model):
    """What was typed on one screen and is not saved yet (未保存的填写), as the browser sent it.

    It is no part of a proposal: unchecked, in no event, seen by those who may edit on that screen, and deleted when the
    screen is saved, what was typed is discarded, or the proposal is voided.
    """

    url = Line("页面", max_length=500, help_text="路径，有字段的连同字段。")
    # "proposal", the code of the department for a proposal not yet drafted, or "user 12" for one person alone.
    scope = Line("归谁", max_length=80)
    proposal = models.ForeignKey(
        Proposal, models.CASCADE, related_name="inputs", null=True, blank=True, verbose_name="调整建议"
    )
    data = models.JSONField("填写的内容", default=dict)
    # Counts the saves: a page overwrites only what it has shown.
    revision = models.PositiveIntegerField("次数", default=1)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="last_inputs", verbose_name="最后填写的人"
    )
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="inputs", verbose_name="填写的人")
    at = models.DateTimeField("保存时间")

    class Meta:
        ordering = ["at", "id"]
        verbose_name = verbose_name_plural = "未保存的填写"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["url", "scope"], name="draft_input_once_per_screen")]

    def __str__(self) -> str:
        return f"{self.url}（{self.scope}）"

    @property
    def author_name(self) -> str:
        return names.full_name(self.author)


class FigureReason(models.Model):
    """Why figures of a proposed field stand in none of its quotes (数字说明), as its proposer says.

    It answers for one text of the field and the figures it names. Triggers keep it as it was approved.
    """

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="figure_reasons", verbose_name="调整建议")
    service = Code("服务项目代码", pattern=SERVICE_CODE_PATTERN)
    field = Choice("字段", choices=SourcedField)
    value = Text("值")
    figures = models.JSONField("不在原文中的数字", default=list)
    reason = Text("理由", help_text="这些数字从哪里来。例：由第三条的基数和第五条的增幅相加")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="figure_reasons", verbose_name="说明人"
    )
    at = models.DateTimeField("说明时间")

    class Meta:
        ordering = ["proposal", "service", "field"]
        verbose_name = verbose_name_plural = "数字说明"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["proposal", "service", "field"], name="figure_reason_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.get_field_display()}：{'、'.join(self.figures)}"

    @property
    def author_name(self) -> str:
        return names.full_name(self.author)


class Assessment(models.Model):
    """Whether a proposal is affordable (财政承受能力评估), with its lines and attachments. It never changes."""

    class Conclusion(models.TextChoices):
        AFFORDABLE = "affordable", "可以承受"
        STAGED = "staged", "分步实施"
        UNAFFORDABLE = "unaffordable", "不可承受"

    proposal = models.OneToOneField(
        Proposal, models.CASCADE, related_name="assessment", verbose_name="调整建议", primary_key=True
    )
    funding_source = Text("资金来源", help_text="例：一般公共预算，孤儿基本生活保障专项")
    conclusion = Choice("评估结论", choices=Conclusion)
    opinion = Text("评估意见", null=True, blank=True)
    assessor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="assessments", verbose_name="评估人"
    )
    at = models.DateTimeField("评估时间")

    class Meta:
        verbose_name = verbose_name_plural = "财政承受能力评估"

    def __str__(self) -> str:
        return f"{self.proposal}：{self.get_conclusion_display()}"


class AssessmentLine(models.Model):
    """What one part of an assessment costs (评估分项): so many people, from one standard to another.

    Money is in yuan, shares in per cent.
    """

    class Period(models.TextChoices):
        MONTH = "month", "月"
        YEAR = "year", "年"
        ONCE = "once", "次"

    SHARE_FIELDS = ("share_centre", "share_region", "share_league", "share_banner")

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="lines", verbose_name="评估")
    position = models.PositiveSmallIntegerField("次序", default=1)
    label = Line("范围", max_length=100, help_text="这一行算的是谁。例：城市、农村牧区、全区")
    beneficiaries = models.PositiveIntegerField("受益人数", help_text="人。例：6741")
    old_standard = models.DecimalField(
        "原标准",
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        help_text="每人每月（年、次）多少元；原来没有的写 0。例：1830",
    )
    new_standard = models.DecimalField(
        "新标准",
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        help_text="同一单位，调整后的。例：1920",
    )
    periods = models.PositiveSmallIntegerField(
        "月数、年数或次数", validators=[MinValueValidator(1)], help_text="例：12"
    )
    period = Choice("计算单位", choices=Period)
    share_centre = models.DecimalField("中央（%）", max_digits=5, decimal_places=2, default=0)
    share_region = models.DecimalField("自治区（%）", max_digits=5, decimal_places=2, default=0)
    share_league = models.DecimalField("盟市（%）", max_digits=5, decimal_places=2, default=0)
    share_banner = models.DecimalField("旗县（%）", max_digits=5, decimal_places=2, default=0)

    class Meta:
        ordering = ["assessment", "position"]
        verbose_name = verbose_name_plural = "评估分项"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["assessment", "position"], name="assessment_line_once_per_position"),
            models.UniqueConstraint(
                fields=["assessment", "label"],
                name="assessment_line_once_per_label",
                violation_error_message="同一范围只写一行。",
            ),
            models.CheckConstraint(
                # Rounded, because SQLite adds decimals as floating-point numbers; each share has two places.
                condition=Exact(
                    Round(F("share_centre") + F("share_region") + F("share_league") + F("share_banner"), 2),
                    Decimal(100),
                ),
                name="assessment_line_shares_are_100",
                violation_error_message="中央、自治区、盟市、旗县的负担比例之和应正好是 100%%。",
            ),
            *(
                models.CheckConstraint(condition=Q(**{f"{share}__range": (0, 100)}), name=f"assessment_line_{share}")
                for share in ("share_centre", "share_region", "share_league", "share_banner")
            ),
            models.CheckConstraint(condition=Q(periods__gte=1), name="assessment_line_periods_from_1"),
            models.CheckConstraint(
                condition=Q(old_standard__gte=0, new_standard__gte=0), name="assessment_line_no_negative_money"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}：{self.beneficiaries}人"

    @property
    def total(self) -> Decimal:
        """The whole cost in yuan: beneficiaries × new standard × periods."""
        return self.beneficiaries * self.new_standard * self.periods

    @property
    def increment(self) -> Decimal:
        """What it costs more than before, in yuan; negative if less."""
        return self.beneficiaries * (self.new_standard - self.old_standard) * self.periods

    def by_level(self, amount: Decimal) -> dict[str, Decimal]:
        """Divide an amount in yuan by level of government, to the fen; the last with a share takes the remainder."""
        amounts, remainder = {}, amount
        bearers = [share for share in self.SHARE_FIELDS if getattr(self, share)]
        for share in self.SHARE_FIELDS:
            if bearers and share == bearers[-1]:
                amounts[share] = remainder
            else:
                amounts[share] = (amount * getattr(self, share) / 100).quantize(Decimal("0.01"))
                remainder -= amounts[share]
        return amounts


class AssessmentAttachment(models.Model):
    """A file that an assessment is based on (评估附件): its name there, and the digest of the ``Attachment``."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="attachments", verbose_name="评估")
    name = Line("附件名称", max_length=200)
    digest = Code("附件摘要（SHA-256）", pattern=DIGEST)

    class Meta:
        ordering = ["assessment", "id"]
        verbose_name = verbose_name_plural = "评估附件"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["assessment", "digest"], name="assessment_attachment_once_per_digest")
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalQuerySet(models.QuerySet):
    def in_force(self):
        """Approvals that were not revoked; at most one of a proposal."""
        return self.filter(granted=True, revoked_at=None)


class Approval(models.Model):
    """A decision on a proposal (审批), by a person who neither proposed nor assessed it; a trigger enforces this.

    It never changes, but an approval can be revoked once (撤销批准) while its proposal is in no edition.
    """

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="approvals", verbose_name="调整建议")
    granted = models.BooleanField("批准", help_text="否则为退回。")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approvals", verbose_name="审批人"
    )
    at = models.DateTimeField("审批时间")
    reason = Text("意见", null=True, blank=True, help_text="退回时必填，提出人会看到。")
    outcomes = models.JSONField(
        "案例的结论", null=True, blank=True, help_text="批准时各案例在改变后的结论，编入版本时据此更新案例。"
    )
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="revocations",
        null=True,
        blank=True,
        verbose_name="撤销人",
    )
    revoked_reason = Text("撤销理由", null=True, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["proposal", "at", "id"]
        verbose_name = verbose_name_plural = "审批"
        constraints = [
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(granted=True, revoked_at__isnull=True), name="proposal_approved_once"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoked_reason__isnull=True)
                | Q(granted=True, revoked_at__isnull=False, revoked_by__isnull=False, revoked_reason__isnull=False),
                name="approval_revoked_by_somebody_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(granted=True) | Q(reason__isnull=False),
                name="approval_declined_with_reason",
                violation_error_message="退回时请写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal}：{'批准' if self.granted else '退回'}"


class Attachment(models.Model):
    """An uploaded file (附件), identified by the SHA-256 of its bytes.

    It is stored in the database, so that it is backed up together with the rows that refer to it. It never changes.
    """

    digest = Code("摘要（SHA-256）", pattern=DIGEST, unique=True)
    name = Line("文件名", max_length=200)
    content = models.BinaryField("内容")
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="attachments", verbose_name="上传人"
    )
    at = models.DateTimeField("上传时间")

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = verbose_name_plural = "附件"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class SourceText(models.Model):
    """The full text of a document (全文), as an attachment in UTF-8: new quotes of the document are checked against it.

    It is for the desk alone. Each text that a document had is in the audit log by its digest.
    """

    source = models.OneToOneField(
        Source, models.CASCADE, related_name="full_text", primary_key=True, verbose_name="依据文件"
    )
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name="附件")

    class Meta:
        ordering = ["source"]
        verbose_name = verbose_name_plural = "全文"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source}：全文"
