"""Models that do not depend on an edition: regions, vocabularies, source documents and the other tables of the plan."""

import calendar
import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from services.fields import DIGEST, SLUG, Choice, Code, Line, Text, validate_no_nul, validate_word


class Verification(models.TextChoices):
    """How well a value is verified (核实情况). A label is only raised with a quote from the document."""

    VERBATIM = "verbatim", "原文核对"
    SECONDARY = "secondary", "转述"
    UNVERIFIED = "unverified", "未核实"

    @property
    def rank(self) -> int:
        """The rank of the label for comparisons, from 0 (unverified) to 2 (verbatim)."""
        return ["unverified", "secondary", "verbatim"].index(self.value)


class Jurisdiction(models.TextChoices):
    NATIONAL = "national", "国家"
    INNER_MONGOLIA = "inner-mongolia", "内蒙古自治区"
    OTHER_REGION = "other-region", "其他省区"
    UNKNOWN = "unknown", "未知"


class Source(models.Model):
    """A document that values are cited from (依据文件); CPSV-AP LegalResource."""

    class Kind(models.TextChoices):
        PLAN = "plan", "规划"
        PLAN_REPOST = "plan-repost", "规划（转载）"
        LAW = "law", "法律"
        ADMINISTRATIVE_REGULATION = "administrative-regulation", "行政法规"
        LOCAL_REGULATION = "local-regulation", "地方性法规"
        NORMATIVE_DOCUMENT = "normative-document", "规范性文件"
        REGIONAL_POLICY = "regional-policy", "自治区政策"
        NATIONAL_STANDARD = "national-standard", "国家基本公共服务标准"
        NATIONAL_STANDARD_GBT = "national-standard-gbt", "国家标准（GB/T）"
        GUIDE = "guide", "办事指南"
        GUIDE_OTHER_REGION = "guide-other-region", "外省区指南"
        NEWSPAPER = "newspaper", "报纸"
        PRESS = "press", "新闻报道"
        OFFICIAL_ARTICLE = "official-article", "署名文章"
        RESEARCH_ARTICLE = "research-article", "研究文章"
        SECONDARY = "secondary", "二手资料"
        RECALLED = "recalled", "凭记忆列出"
        EDITORIAL = "editorial", "编者归纳"

    class ExtentRead(models.TextChoices):
        FULL = "full", "全文"
        CLAUSES = "clauses", "引用条款"
        EXCERPT = "excerpt", "节选"
        NONE = "none", "未读到原文"

    class ReadIn(models.TextChoices):
        OFFICIAL = "official", "发布机关的网站或公报"
        COPY = "copy", "副本或转载"
        NONE = "none", "未读到"

    # An undated source is not evidence for an earlier day (decided with the first editions, 2026-11-23).
    UNDATED_CITABLE_FROM = datetime.date(2026, 1, 1)

    code = Code(
        "代码", pattern=SLUG, unique=True, help_text="小写字母、数字和连字符，一经使用不再更改。例：law-elderly"
    )
    position = models.PositiveSmallIntegerField("次序", default=0, help_text="在词表中的先后。例：12")
    title = Line("标题", max_length=300, help_text="例：中华人民共和国老年人权益保障法")
    issuer = Line("发文机关", max_length=200, null=True, blank=True, help_text="例：内蒙古自治区人民政府办公厅")
    document_number = Line("文号", max_length=100, null=True, blank=True, help_text="例：内政办发〔2021〕70号")
    date = Code(
        "成文日期",
        pattern=r"\A[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?\Z",
        max_length=10,
        null=True,
        blank=True,
        help_text="知道多少写多少。例：2021-11-05、2018-08 或 2017",
    )
    in_force_from = models.DateField(
        "施行日期", null=True, blank=True, help_text="晚于成文日期时填写。例：法律援助法 2022-01-01"
    )
    citable_from = models.DateField(
        "可采信起始日",
        editable=False,
        help_text="此日起的版本才可引用：取施行日期；未填则取成文日期的最后一天；均不知则为 2026-01-01。",
    )
    kind = Choice("类别", choices=Kind)
    jurisdiction = Choice("适用范围", choices=Jurisdiction)
    extent_read = Choice("阅读范围", choices=ExtentRead)
    read_in = Choice(
        "读自",
        choices=ReadIn,
        default=ReadIn.COPY,
        help_text="在哪里读到的：没有在发布机关的网站或公报上核对过的，都是“副本或转载”。",
    )
    url = Line("网址", max_length=500, null=True, blank=True, validators=[URLValidator(["http", "https"])])
    note = Text("说明", null=True, blank=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "依据文件"

    def __str__(self) -> str:
        return f"{self.title}（{self.document_number}）" if self.document_number else self.title

    def save(self, *args, **kwargs):
        self.citable_from = self.first_citable_day()
        super().save(*args, **kwargs)

    def clean(self):
        if self.date:
            try:
                last_day(self.date)
            except ValueError:
                raise ValidationError({"date": f"没有 {self.date} 这一天或这一月。"}) from None

    def first_citable_day(self) -> datetime.date:
        """Return the first day on which this source may be cited for a value.

        This is ``in_force_from`` if it is set; otherwise the date, for a year or a month its last day; without a date,
        ``UNDATED_CITABLE_FROM``.
        """
        if self.in_force_from:
            return self.in_force_from
        return last_day(self.date) if self.date else self.UNDATED_CITABLE_FROM


def last_day(date: str) -> datetime.date:
    """Return the last day of a year, a month or a day (``2018``, ``2018-08``, ``2018-08-09``). Raises ValueError."""
    year, *month_and_day = (int(part) for part in date.split("-"))
    month = month_and_day[0] if month_and_day else 12
    if not 1 <= month <= 12:
        raise ValueError(f"no such month: {date}")
    return datetime.date(
        year, month, month_and_day[1] if len(month_and_day) > 1 else calendar.monthrange(year, month)[1]
    )


class Cited(models.Model):
    """Abstract base of every vocabulary term: its citation, one clause of one source (字段来源)."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name="来源文件")
    locator = Line("位置", max_length=200, null=True, blank=True, help_text="章、条、表或专栏。例：表2、第四章第五节")
    quote = Text("原文", null=True, blank=True, help_text="逐字照录；标为“原文核对”时必填。")
    verification = Choice("核实情况", choices=Verification)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(verification="verbatim") | Q(quote__isnull=False),
                name="%(app_label)s_%(class)s_verbatim_has_quote",
                violation_error_message="标为“原文核对”的，必须照录原文。",
            )
        ]


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

    class Meta(Cited.Meta):
        ordering = ["domain", "position"]
        verbose_name = verbose_name_plural = "主要任务"

    def __str__(self) -> str:
        return self.heading


class Department(Cited):
    """A body that leads or supports a service (部门); CPSV-AP PublicOrganisation."""

    class Level(models.TextChoices):
        REGION = "autonomous-region", "自治区"
        CENTRAL_AGENCY = "central-agency-in-region", "中央驻区机构"

    class Kind(models.TextChoices):
        GOVERNMENT_DEPARTMENT = "government-department", "政府部门"
        GOVERNMENT_OFFICE = "government-office", "政府办公厅"
        PARTY_DEPARTMENT = "party-department", "党委部门"
        CENTRAL_AGENCY = "central-agency", "中央机构"
        PEOPLE_ORGANISATION = "people-organisation", "人民团体"

    code = Code("代码", pattern=SLUG, unique=True, help_text="例：civil-affairs")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=200, help_text="例：内蒙古自治区民政厅")
    short_name = Line("简称", max_length=100, null=True, blank=True, help_text="例：自治区民政厅")
    name_en = Line("英文名称", max_length=300, null=True, blank=True)
    level = Choice("层级", choices=Level)
    kind = Choice("类别", choices=Kind)
    note = Text("说明", null=True, blank=True)

    class Meta(Cited.Meta):
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "部门"

    def __str__(self) -> str:
        return self.short_name or self.name


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


class Indicator(Cited):
    """An indicator of table 1 of the plan (主要发展指标), with its target for 2025."""

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

    code = Code("代码", pattern=r"\AIND-[0-9]{2}\Z", unique=True, help_text="例：IND-03")
    number = models.PositiveSmallIntegerField("序号", unique=True)
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="indicators", verbose_name="领域")
    name = Line("名称", max_length=200)
    name_en = Line("英文名称", max_length=300, null=True, blank=True)
    unit = Line("单位", max_length=50, null=True, blank=True)
    operator = Choice("比较方式", choices=Operator)
    target_value = models.DecimalField("目标值", max_digits=12, decimal_places=3, null=True, blank=True)
    target_text = Line("目标原文", max_length=50, help_text="例：≥85")
    target_year = models.PositiveSmallIntegerField("目标年份")
    nature = Choice("性质", choices=Nature)
    services = models.ManyToManyField(Service, related_name="indicators", blank=True, verbose_name="相关服务项目")
    baseline_value = models.DecimalField("基期值", max_digits=12, decimal_places=3, null=True, blank=True)
    baseline_period = Line("基期", max_length=20, null=True, blank=True, help_text="例：2020 或 2016-2020")
    baseline_source = models.ForeignKey(
        Source, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="基期来源文件"
    )
    baseline_locator = Line("基期位置", max_length=200, null=True, blank=True)
    baseline_quote = Text("基期原文", null=True, blank=True)
    note = Text("说明", null=True, blank=True)

    class Meta:
        ordering = ["number"]
        verbose_name = verbose_name_plural = "发展指标"
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(baseline_value__isnull=True, baseline_period__isnull=True, baseline_source__isnull=True)
                | Q(baseline_value__isnull=False, baseline_period__isnull=False, baseline_source__isnull=False),
                name="indicator_baseline_is_cited",
                violation_error_message="基期值、基期和来源文件应同时填写。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectGroup(Cited):
    """A box of the plan (专栏), a set of projects in one domain."""

    code = Code("代码", pattern=r"\ABOX-[0-9]{1,2}\Z", unique=True, help_text="例：BOX-5")
    number = models.PositiveSmallIntegerField("序号", unique=True)
    title = Line("标题", max_length=200)
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="project_groups", verbose_name="领域")

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
