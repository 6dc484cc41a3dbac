"""Models that do not depend on an edition: regions, vocabularies and the other tables of the plan."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from services.departments import Contact, Department  # noqa: F401
from services.fields import DIGEST, SLUG, Choice, Code, Line, Text, validate_no_nul, validate_word
from services.sources import Cited, Source, last_day

# Registers the models.


class Region(Cited):
    """An administrative division (行政区划), by its GB/T 2260 code."""

    code = Code("区划代码", pattern=r"\A[1-9][0-9]{5}\Z", unique=True, help_text="GB/T 2260 六位代码。例：150000")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=100, help_text="例：内蒙古自治区")
    name_en = Line("英文名称", max_length=200, null=True, blank=True)

    class Meta(Cited.Meta):
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "行政区划"

    def __str__(self) -> str:
        return self.name


class Domain(Cited):
    """One of the nine domains of the list (领域), from 幼有所育 to 文体服务保障."""

    code = Code("代码", pattern=r"\ANM-[0-9]{2}\Z", unique=True, help_text="例：NM-05")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=100, help_text="例：老有所养")
    name_en = Line("英文名称", max_length=200, null=True, blank=True)
    goal = Text("服务内容与目标", null=True, blank=True, help_text="表2“服务内容与目标”一栏的原文。")

    class Meta(Cited.Meta):
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "领域"

    def __str__(self) -> str:
        return self.name


class Task(Cited):
    """A task paragraph of chapter 4 of the plan, in its domain (主要任务)."""

    code = Code("代码", pattern=r"\AT[0-9]{2}-[0-9]{1,2}\Z", unique=True, help_text="例：T05-1")
    position = models.PositiveSmallIntegerField("次序", default=0)
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="tasks", verbose_name="领域")
    heading = Line("标题", max_length=200)
    text = Text("正文")
    services = models.ManyToManyField("Service", related_name="tasks", blank=True, verbose_name="相关服务项目")

    class Meta(Cited.Meta):
        ordering = ["domain", "position"]
        verbose_name = verbose_name_plural = "主要任务"

    def __str__(self) -> str:
        return self.heading


class TargetGroup(Cited):
    """Whom a service is for (服务对象); CPSV-AP audience."""

    code = Code("代码", pattern=SLUG, unique=True, help_text="例：older-65-plus")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=200, help_text="例：65岁及以上老年人")
    name_en = Line("英文名称", max_length=300, null=True, blank=True)
    definition = models.JSONField(
        "条文给出的界定",
        null=True,
        blank=True,
        validators=[validate_no_nul],
        help_text='条文怎样界定；没有的留空。例：{"text": "本法所称老年人是指六十周岁以上的公民。"}',
    )
    note = Text("说明", null=True, blank=True)

    class Meta(Cited.Meta):
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "服务对象"

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """The identity of a service (服务项目): a code that is never reused and never renumbered.

    Its name and content belong to an edition: ``catalogue.Entry``.
    """

    code = Code(
        "代码", pattern=r"\ANM-[0-9]{2}-[0-9]{2,}\Z", unique=True, help_text="永久代码，不复用、不重排。例：NM-05-01"
    )

    class Meta:
        ordering = ["code"]
        verbose_name = verbose_name_plural = "服务项目"

    def __str__(self) -> str:
        return self.code


class SynonymQuerySet(models.QuerySet):
    def pairs(self) -> models.QuerySet:
        """Return (word, service code) for every target of every word, ordered by word, the likeliest service first."""
        with_targets = self.filter(targets__isnull=False).order_by("word", "targets__position", "targets__pk")
        return with_targets.values_list("word", "targets__service__code")


class Synonym(Cited):
    """A word people use for one or more services (同义词): an old, short or everyday name."""

    word = Line(
        "词语",
        max_length=30,
        validators=[validate_word],
        help_text="人们平常的叫法，至多30字；保存后不再更改，写错了请删去另立。例：低保、新农合、看病报销",
    )
    note = Text("说明", null=True, blank=True, help_text="为什么这样叫，或只指其中哪一部分。例：合并前的旧称")

    objects = SynonymQuerySet.as_manager()

    class Meta(Cited.Meta):
        ordering = ["word"]
        verbose_name = verbose_name_plural = "同义词"
        constraints = [
            *Cited.Meta.constraints,
            models.UniqueConstraint(
                Lower("word"),
                name="synonym_word_once",
                violation_error_message="已有这个词语（字母不分大小写）；请到那一条里补充所指的服务。",
            ),
        ]

    def __str__(self) -> str:
        return self.word


class SynonymTarget(models.Model):
    """A service that a synonym stands for (所指服务); the first of several is the one most people mean."""

    synonym = models.ForeignKey(Synonym, models.CASCADE, related_name="targets", verbose_name="同义词")
    service = models.ForeignKey(Service, models.PROTECT, related_name="synonym_targets", verbose_name="服务项目")
    position = models.PositiveSmallIntegerField(
        "次序", default=1, help_text="多数人所指的排第一；次序相同的，先填的在前。例：1"
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = verbose_name_plural = "所指服务"
        constraints = [
            models.UniqueConstraint(
                fields=["synonym", "service"],
                name="synonym_target_once",
                violation_error_message="这个词语已经指向这项服务。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.synonym} → {self.service}"


class Topic(models.Model):
    """A life event (人生事件) with the services that a person in it looks for. The editors', no document's."""

    code = Code("代码", pattern=SLUG, unique=True, help_text="例：retirement")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=100, help_text="人们自己的说法。例：退休养老")
    name_en = Line("英文名称", max_length=200, null=True, blank=True)
    note = Text("说明", null=True, blank=True, help_text="收哪些、不收哪些，为什么。")

    class Meta:
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "人生事件"

    def __str__(self) -> str:
        return self.name


class TopicService(models.Model):
    """A service of a topic (人生事件中的服务); the first is the one most people look for."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="links", verbose_name="人生事件")
    service = models.ForeignKey(Service, models.PROTECT, related_name="topic_links", verbose_name="服务项目")
    position = models.PositiveSmallIntegerField("次序", default=1, help_text="最常要找的排第一。例：1")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = verbose_name_plural = "人生事件中的服务"
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "service"],
                name="topic_service_once",
                violation_error_message="这个人生事件已经列有这项服务。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} → {self.service}"


class IndicatorQuerySet(models.QuerySet):
    def of_table_1(self) -> models.QuerySet:
        """Return the 24 indicators of table 1 of the plan."""
        return self.filter(number__isnull=False)

    def further_targets(self) -> models.QuerySet:
        """Return the numeric targets of chapter 4 and the boxes, which table 1 does not have."""
        return self.filter(number__isnull=True)


class Indicator(Cited):
    """A numeric target of the plan: an indicator of table 1 (主要发展指标), or one of chapter 4 or a box (目标)."""

    class Operator(models.TextChoices):
        EQ = "eq", "等于"
        GTE = "gte", "不低于"
        GT = "gt", "高于"
        LTE = "lte", "不高于"
        LT = "lt", "低于"
        ABOUT = "about", "左右"

    class Nature(models.TextChoices):
        BINDING = "binding", "约束性"
        ANTICIPATED = "anticipated", "预期性"

    code = Code(
        "代码", pattern=r"\A(IND|TGT)-[0-9]{2}\Z", unique=True, help_text="表1的指标用 IND，其他目标用 TGT。例：IND-03"
    )
    number = models.PositiveSmallIntegerField(
        "序号", unique=True, null=True, blank=True, help_text="在表1中的序号；表1以外的目标留空。例：3"
    )
    domain = models.ForeignKey(
        Domain,
        models.PROTECT,
        related_name="indicators",
        null=True,
        blank=True,
        verbose_name="领域",
        help_text="不限于一个领域的目标留空。例：老有所养",
    )
    name = Line("名称", max_length=200)
    name_en = Line("英文名称", max_length=300, null=True, blank=True)
    unit = Line("单位", max_length=50, null=True, blank=True)
    operator = Choice("比较方式", choices=Operator)
    target_value = models.DecimalField("目标值", max_digits=12, decimal_places=3, null=True, blank=True)
    target_text = Line("目标原文", max_length=50, help_text="例：≥85")
    target_year = models.PositiveSmallIntegerField(
        "目标年份", null=True, blank=True, help_text="条文没有写明的留空。例：2025"
    )
    nature = Choice("性质", choices=Nature, null=True, blank=True, help_text="表1写明的才填。例：约束性")
    services = models.ManyToManyField(Service, related_name="indicators", blank=True, verbose_name="相关服务项目")
    baseline_value = models.DecimalField("基期值", max_digits=12, decimal_places=3, null=True, blank=True)
    baseline_period = Line("基期", max_length=20, null=True, blank=True, help_text="例：2020 或 2016-2020")
    baseline_source = models.ForeignKey(
        Source, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="基期来源文件"
    )
    baseline_locator = Line("基期位置", max_length=200, null=True, blank=True)
    baseline_quote = Text("基期原文", null=True, blank=True)
    note = Text("说明", null=True, blank=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = verbose_name_plural = "发展指标"
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(code__startswith="IND-", number__isnull=False, nature__isnull=False)
                | Q(code__startswith="TGT-", number__isnull=True),
                name="indicator_of_table_1_has_number_and_nature",
                violation_error_message="表1的指标（IND）应有序号和性质；其他目标（TGT）没有序号。",
            ),
            models.CheckConstraint(
                condition=Q(baseline_value__isnull=True, baseline_period__isnull=True, baseline_source__isnull=True)
                | Q(baseline_value__isnull=False, baseline_period__isnull=False, baseline_source__isnull=False),
                name="indicator_baseline_is_cited",
                violation_error_message="基期值、基期和来源文件应同时填写。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ObservationQuerySet(models.QuerySet):
    def public(self) -> models.QuerySet:
        """Return the observations that readers see: loaded with the list, or approved by a second person."""
        return self.filter(Q(proposed_by__isnull=True) | Q(approved_by__isnull=False))


class Observation(Cited):
    """A measured figure (监测值): what stood on a day or in a year, as a document gives it.

    One that an editor enters is a draft until another person approves it (``workflow.maintenance.observations``). One
    that was loaded with the list has neither person: it was reviewed with its file.
    """

    code = Code("代码", pattern=r"\AOBS-[0-9]{3}\Z", unique=True, help_text="例：OBS-001")
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="observations", verbose_name="领域")
    indicator = models.ForeignKey(
        Indicator,
        models.PROTECT,
        related_name="observations",
        null=True,
        blank=True,
        verbose_name="指标或目标",
        help_text="所对照的指标或目标；没有的留空。",
    )
    services = models.ManyToManyField(Service, related_name="observations", blank=True, verbose_name="相关服务项目")
    name = Line("所量的是什么", max_length=200, help_text="例：高中阶段毛入学率")
    operator = Choice(
        "比较方式",
        choices=Indicator.Operator,
        default=Indicator.Operator.EQ,
        help_text="条文给的是界限时选。例：“75%以上”选“不低于”",
    )
    value = models.DecimalField("值", max_digits=14, decimal_places=4, help_text="例：94.6")
    unit = Line("单位", max_length=50, null=True, blank=True, help_text="例：%、万人")
    on = Code(
        "时间",
        pattern=r"\A[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?\Z",
        max_length=10,
        null=True,
        blank=True,
        help_text="条文写到年、月或日，就写到年、月或日；条文没有写的留空。例：2020 或 2023-11",
    )
    place = Line("地方", max_length=100, null=True, blank=True, help_text="留空表示全自治区。例：呼和浩特市")
    note = Text("说明", null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name="提出人",
        help_text="最后保存草稿的人；空为随清单装入。",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, editable=False, verbose_name="批准人"
    )
    approved_at = models.DateTimeField("批准时间", null=True, editable=False)

    objects = ObservationQuerySet.as_manager()

    class Meta(Cited.Meta):
        ordering = ["code"]
        verbose_name = verbose_name_plural = "监测值"
        permissions = [("approve_observation", "批准监测值")]
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False, proposed_by__isnull=False),
                name="observation_approval_is_complete",
                violation_error_message="批准人和批准时间应同时填写，并有提出人。",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="observation_approved_by_another",
                violation_error_message="监测值由提出人以外的另一人批准。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.on or '时间未知'}）"

    @property
    def is_public(self) -> bool:
        """Whether readers see it (``ObservationQuerySet.public()``)."""
        return self.proposed_by_id is None or self.approved_by_id is not None

    def clean(self):
        if self.on:
            try:
                last_day(self.on)
            except ValueError:
                raise ValidationError({"on": f"没有 {self.on} 这一天或这一月。"}) from None


class ProjectGroup(Cited):
    """A box of the plan (专栏), a set of projects in one domain."""

    code = Code("代码", pattern=r"\ABOX-[0-9]{1,2}\Z", unique=True, help_text="例：BOX-5")
    number = models.PositiveSmallIntegerField("序号", unique=True)
    title = Line("标题", max_length=200)
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="project_groups", verbose_name="领域")
    services = models.ManyToManyField(Service, related_name="project_groups", blank=True, verbose_name="相关服务项目")

    class Meta(Cited.Meta):
        ordering = ["number"]
        verbose_name = verbose_name_plural = "专栏"

    def __str__(self) -> str:
        return f"专栏{self.number} {self.title}"


class Project(Cited):
    """A project in a box of the plan (专栏项目)."""

    code = Code("代码", pattern=r"\AP[0-9]{1,2}-[0-9]{1,2}\Z", unique=True, help_text="例：P5-1")
    position = models.PositiveSmallIntegerField("次序", default=0)
    group = models.ForeignKey(ProjectGroup, models.CASCADE, related_name="projects", verbose_name="专栏")
    name = Line("名称", max_length=200)
    text = Text("内容")
    services = models.ManyToManyField(Service, related_name="projects", blank=True, verbose_name="相关服务项目")

    class Meta(Cited.Meta):
        ordering = ["group", "position"]
        verbose_name = verbose_name_plural = "专栏项目"

    def __str__(self) -> str:
        return self.name


class LoadedRow(models.Model):
    """The digest of a term as last loaded (已装入): editors' changes stay until the file changes the term."""

    file = Line("文件", max_length=50)
    term = Line("词条", max_length=64)
    digest = Code("所载内容的摘要", pattern=DIGEST)

    class Meta:
        ordering = ["file", "term"]
        verbose_name = verbose_name_plural = "已装入的词条"
        constraints = [models.UniqueConstraint(fields=["file", "term"], name="loaded_row_once")]

    def __str__(self) -> str:
        return f"{self.file}：{self.term}"
