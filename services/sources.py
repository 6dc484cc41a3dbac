"""Source documents (依据文件), and what every value cited from them has: verification and jurisdiction."""

import calendar
import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from services.fields import SLUG, Choice, Code, Line, Text


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
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="replaces",
        null=True,
        blank=True,
        verbose_name="由何文件代替",
        help_text="同一份文件的新文本，自其施行之日起代替这一份。例：军人抚恤优待条例（2024年修订）",
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
            except (ValueError, OverflowError):
                raise ValidationError({"date": f"没有 {self.date} 这一天或这一月。"}) from None
        if self.replaced_by and self.replaced_by.first_citable_day() <= self.first_citable_day():
            raise ValidationError({"replaced_by": "新文本的施行日期应晚于这一份。"})

    @property
    def in_force_until(self) -> datetime.date | None:
        """The last day before the text that replaces this one is in force; None if that day is not known.

        The date of the new text does not stand in for its ``in_force_from``: a text is often in force months later.
        """
        if self.replaced_by is None or self.replaced_by.in_force_from is None:
            return None
        return self.replaced_by.in_force_from - datetime.timedelta(days=1)

    def verification_of(self, quote: str | None) -> Verification:
        """Return the label of a clause that is cited from this document, with its quote or without one."""
        kind = self.Kind
        if self.read_in == self.ReadIn.NONE or self.kind in {kind.RECALLED, kind.EDITORIAL}:
            return Verification.UNVERIFIED
        # Copies of laws and plans are compared with each other; of anything else a copy is second hand.
        copied = {kind.LOCAL_REGULATION, kind.NORMATIVE_DOCUMENT, kind.REGIONAL_POLICY, kind.NATIONAL_STANDARD}
        second_hand = {kind.GUIDE, kind.GUIDE_OTHER_REGION, kind.PRESS, kind.SECONDARY}
        if not quote or self.kind in second_hand or (self.read_in == self.ReadIn.COPY and self.kind in copied):
            return Verification.SECONDARY
        return Verification.VERBATIM

    def first_citable_day(self) -> datetime.date:
        """Return the first day on which this source may be cited for a value.

        This is ``in_force_from`` if it is set; otherwise the date, for a year or a month its last day; without a date,
        ``UNDATED_CITABLE_FROM``.
        """
        if self.in_force_from:
            return self.in_force_from
        return last_day(self.date) if self.date else self.UNDATED_CITABLE_FROM


def last_day(date: str) -> datetime.date:
    """Return the last day of a year, a month or a day (``2018``, ``2018-08``, ``2018-08-09``).

    Raises ValueError, or OverflowError for a number of very many digits.
    """
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
