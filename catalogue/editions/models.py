"""Models of an edition: its entries, the verification of their fields, and their citations."""

import datetime
import json
from collections.abc import Iterable
from functools import cached_property

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Subquery, Value
from django.utils import timezone

from catalogue.audit.models import Event
from catalogue.editions.public.freshness import Freshness, freshness
from catalogue.editions.seal import SealedTexts, verified_texts
from services.eligibility import rules
from services.fields import (
    DIGEST,
    SLUG,
    AmountsField,
    Choice,
    Code,
    Line,
    RuleField,
    SharesField,
    Text,
)  # fmt: skip
from services.models import Contact, Department, Domain, Region, Service, TargetGroup
from services.sources import Cited, Jurisdiction, Source, Verification
from services.values import quoted_values
from services.values.identifiers import Identifier

# The highest number of an edition or of an entry: the column holds it on both databases.
MAX_NUMBER = 9999


class EditionQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)

    def drafts(self):
        return self.filter(published_at__isnull=True)

    def in_force(self, on: datetime.date, *, known_at: datetime.datetime | None = None):
        """Return the edition in force on a day, as a queryset of at most one.

        Of the published editions (with ``known_at``: those published by that moment) the one with the greatest
        ``effective_from`` not after ``on``; of equals, the one published last.
        """
        editions = self.published().filter(effective_from__lte=on)
        if known_at is not None:
            editions = editions.filter(published_at__lte=known_at)
        return editions.order_by("-effective_from", "-published_at", "-number")[:1]

    def ahead_of(self, day: datetime.date):
        """Return the published editions that come into force after a day, in this order, but for the reissued."""
        return self.published().filter(effective_from__gt=day, reissue=None).order_by("effective_from", "number")

    def last_sealed(self):
        """Return the edition that proposals change and the next edition follows, as a queryset of at most one.

        It is the published one with the greatest ``effective_from``, whether in force yet or not.
        """
        return self.published().order_by("-effective_from", "-number")[:1]

    def sealed_texts(self, pk: int, digest: str) -> SealedTexts:
        """Return the sealed texts of a published edition, checked against its digest. One query.

        The only way to read sealed texts that are served. Raises DamagedEditionError if they do not match the digest,
        and DoesNotExist.
        """
        texts = (
            self.filter(pk=pk)
            .order_by("entries__number")
            .values_list("slug", "canonical_json", "entries__canonical_json")
        )
        rows = list(texts)
        if not rows:
            raise self.model.DoesNotExist
        slug, header, _ = rows[0]
        return verified_texts(slug, digest, header, [text for *_, text in rows])


class Edition(models.Model):
    """One edition of the list (版本). Database triggers refuse any change once it is published."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="editions", verbose_name="行政区划")
    number = models.PositiveSmallIntegerField(
        "版次", validators=[MinValueValidator(1), MaxValueValidator(MAX_NUMBER)], help_text="从 1 起连续编号。例：3"
    )
    slug = Code("版本标识", pattern=SLUG, max_length=50, unique=True, help_text="用于网址与引用。例：2026")
    title = Line("标题", max_length=200, help_text="例：内蒙古自治区基本公共服务项目清单（2026年版）")
    effective_from = models.DateField("施行日期", help_text="自这一天起施行。例：2026-11-01")
    previous = models.ForeignKey(
        "self", models.PROTECT, related_name="followers", null=True, blank=True, verbose_name="上一版本"
    )
    # The sealed edition whose place this one takes, because an urgent correction came into force before it.
    reissue_of = models.OneToOneField(
        "self", models.PROTECT, related_name="reissue", null=True, blank=True, editable=False, verbose_name="重新发布自"
    )
    as_of = models.DateField(
        "资料读至", null=True, blank=True, help_text="到这一天为止，所引的文件都读过一遍；不知道的留空。例：2026-11-23"
    )
    note = Text("编制说明", null=True, blank=True, help_text="由谁编制、依据什么、哪些尚未核实。")
    published_at = models.DateTimeField("发布时间", null=True, blank=True, editable=False)
    digest = Code(
        "摘要（SHA-256）", pattern=DIGEST, null=True, blank=True, editable=False, help_text="规范内容的 SHA-256。"
    )
    canonical_json = Text(
        "封存的抬头", null=True, blank=True, editable=False, help_text="发布时写入的规范 JSON：版本关于自身的说明。"
    )

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_from", "-number"]
        verbose_name = verbose_name_plural = "版本"
        permissions = [("publish_edition", "发布版本")]
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="edition_number_once_per_region"),
            models.CheckConstraint(condition=Q(number__gte=1), name="edition_number_from_1"),
            models.CheckConstraint(
                condition=Q(digest__isnull=True, published_at__isnull=True, canonical_json__isnull=True)
                | Q(digest__isnull=False, published_at__isnull=False, canonical_json__isnull=False),
                name="edition_digest_and_time_together",
            ),
            models.CheckConstraint(
                condition=Q(previous__isnull=True) | ~Q(previous=F("id")), name="edition_not_its_own_previous"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}{'' if self.is_published else '（草稿）'}"

    def clean(self):
        if self.pk and Edition.objects.published().filter(pk=self.pk).exists():
            raise ValidationError("版本已发布，不能更改；请在新的版本中调整。")
        if self.previous and not self.previous.is_published:
            raise ValidationError({"previous": "上一版本尚未发布。"})
        if self.previous and self.effective_from and self.previous.effective_from > self.effective_from:
            cure = "紧急更正要在它之前施行，请以那一天在用的版本为上一版本。"
            raise ValidationError(
                {"effective_from": f"施行日期不能早于上一版本的施行日期（{self.previous.effective_from}）；{cure}"}
            )

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def original(self) -> "Edition":
        """The edition into which the proposals of this one were taken up: itself unless it was published again."""
        return self.reissue_of.original if self.reissue_of else self

    @cached_property
    def official_codes(self) -> dict[tuple[str, str], list[Identifier]]:
        """The official codes by kind and code of what has them (``("service", "NM-05-01")``). One query, then cached.

        They are no part of the edition. The instance in memory is of one revision of the public data
        (``web.revision``), and so are they.
        """
        rows: dict[tuple[str, str], list[Identifier]] = {}
        for row in Identifier.objects.select_related("region", "department", "service"):
            owner = row.region or row.department or row.service
            rows.setdefault((owner._meta.model_name, owner.code), []).append(row)
        return rows

    @cached_property
    def contacts(self) -> dict[str, dict[str, dict]]:
        """The contacts of the departments, with clauses, by code and kind. One query, then cached as the codes are."""
        contacts: dict[str, dict[str, dict]] = {}
        for row in Contact.objects.select_related("department", "source"):
            source = {name: getattr(row.source, name) for name in ("code", "title", "document_number")}
            citation = {name: getattr(row, name) for name in ("locator", "quote", "verification")}
            contact = {"value": row.value, "citation": {"source": source, **citation}}
            contacts.setdefault(row.department.code, {})[row.kind] = contact
        return contacts

    @cached_property
    def replacements(self) -> dict[str, str]:
        """What took the place of departments since, in words. One query, then cached as the codes are."""
        return Department.objects.replacements()

    @cached_property
    def freshness(self) -> dict[str, Freshness]:
        """The freshness of each entry of a published edition, by code of service. Four queries, then cached.

        It is no part of the edition either: checks are recorded and documents replaced after its publication. Raises
        DamagedEditionError if the sealed texts do not match the digest.
        """
        events = Event.objects.checks([edition.slug for edition in self.lineage()])
        changes: dict[str, dict[str, datetime.date]] = {}
        checked_on: dict[str, datetime.date] = {}
        for event in events:
            day = timezone.localdate(event.at)
            if event.verb == Event.Verb.CHECKED:
                checked_on[event.service] = day
            else:
                columns = [change["field"] for change in json.loads(event.after)["fields"]]
                changes.setdefault(event.service, {}).update(dict.fromkeys(sourced_fields_of(columns), day))
        last_days = {
            source.code: source.in_force_until
            for source in Source.objects.filter(replaced_by__in_force_from__isnull=False).select_related("replaced_by")
        }
        return {
            document["code"]: freshness(
                document,
                as_of=self.as_of,
                changes=changes.get(document["code"], {}),
                checked_on=checked_on.get(document["code"]),
                last_days=last_days,
            )
            for document in self.documents()
        }

    def lineage(self) -> list["Edition"]:
        """Return a published edition and all its predecessors, newest first. One query."""
        editions = {edition.pk: edition for edition in Edition.objects.published()}
        line = [self]
        while line[-1].previous_id:
            line.append(editions[line[-1].previous_id])
        return line

    def documents(self) -> list[dict]:
        """Return the sealed documents of a published edition's entries, in the order of their numbers. One query.

        Raises DamagedEditionError if they do not match its digest.
        """
        return Edition.objects.sealed_texts(self.pk, self.digest).documents()


class EntryQuerySet(models.QuerySet):
    def published(self):
        return self.filter(edition__published_at__isnull=False)

    def drafts(self):
        return self.filter(edition__published_at__isnull=True)

    def of_service(self, service: object, on: datetime.date):
        """Return the published entries of a service: first the one in force on a day, then newest edition first."""
        in_force = models.Case(
            models.When(edition__in=Subquery(Edition.objects.in_force(on).values("pk")), then=Value(0)), default=1
        )
        return (
            self.published().filter(service=service).order_by(in_force, "-edition__effective_from", "-edition__number")
        )

    def with_details(self):
        """Prefetch all relations that ``entry_document()`` reads, in a fixed number of queries."""
        return self.select_related("edition", "service", "domain", "lead_department").prefetch_related(
            "target_groups",
            "lead_department_alternatives",
            "co_departments",
            "legal_basis",
            "quoted_sources",
            "field_verifications",
            "citations__source",
        )


class Entry(models.Model):
    """A service as one edition states it (清单条目); CPSV-AP PublicService."""

    # The fields whose values need a source, each with its columns.
    SOURCED_FIELDS = {
        "name": ["name"],
        "name_en": ["name_en"],
        "domain": ["domain"],
        "target_groups": ["target_groups", "target_group_text"],
        "eligibility": ["eligibility"],
        "content": ["content"],
        "standard": ["standard", "standard_as_of"],
        "lead_department": ["lead_department", "lead_department_alternatives"],
        "co_departments": ["co_departments"],
        "expenditure_responsibility": ["expenditure_responsibility"],
        "legal_basis": ["legal_basis"],
    }

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="entries", verbose_name="版本")
    service = models.ForeignKey(Service, models.PROTECT, related_name="entries", verbose_name="服务项目代码")
    number = models.PositiveSmallIntegerField(
        "序号",
        validators=[MinValueValidator(1), MaxValueValidator(MAX_NUMBER)],
        help_text="在本版本清单中的位置，从 1 起。例：47",
    )
    name = Line("名称", max_length=200, help_text="例：老年人健康管理")
    name_en = Line("英文名称", max_length=300, null=True, blank=True, help_text="编者译名。例：Health management")
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="entries", verbose_name="领域")
    target_groups = models.ManyToManyField(
        TargetGroup, related_name="entries", blank=True, verbose_name="服务对象（词表）"
    )
    target_group_text = Text("服务对象", null=True, blank=True, help_text="例：辖区内65岁及以上常住居民")
    eligibility = RuleField(
        "享受条件",
        null=True,
        blank=True,
        help_text="谁可以享受：满足任何一组的全部条件即可。例：年龄不小于65周岁，且在本地连续居住不少于6个月",
    )
    content = Text("服务内容", null=True, blank=True, help_text="提供什么。例：每年提供1次健康管理服务")
    standard = Text("服务标准", null=True, blank=True, help_text="每人得到多少。例：2023年全区平均每人每月840元")
    standard_as_of = Line(
        "标准所属时间", max_length=50, null=True, blank=True, help_text="标准是何时的。例：2023、2025目标"
    )
    amounts = AmountsField(
        "标准里的数字",
        default=list,
        blank=True,
        help_text=(
            "服务标准和服务内容里的数字，一项一个，各带自己的条文；只列原文里有的数字，并说明是什么：840元是平均数，不是一家领到的钱。"
            '例：[{"label": "低保城市平均标准", "kind": "average", "value": "840", "unit": "元", "currency": "CNY", '
            '"period": "month", "per": "person", "of_whom": "城市低保对象", "place": null, "valid_from": null, '
            '"valid_until": null, "as_of": "2023", "citation": {"source": "seed-daily", "locator": "织密保障网络", '
            '"quote": "城乡低保平均标准达到每人每月840元、670元", "verification": "verbatim", '
            '"jurisdiction": "inner-mongolia"}}]'
        ),
    )
    # The sources of the values that carry a clause of their own inside their JSON.
    quoted_sources = models.ManyToManyField(
        Source, related_name="+", blank=True, editable=False, verbose_name="自带条文的值的来源文件"
    )
    lead_department = models.ForeignKey(
        Department, models.PROTECT, related_name="led_entries", null=True, blank=True, verbose_name="牵头负责单位"
    )
    lead_department_alternatives = models.ManyToManyField(
        Department,
        related_name="possibly_led_entries",
        blank=True,
        verbose_name="可能的牵头单位",
        help_text="依据不足以确定牵头单位时，其他可能的单位。",
    )
    co_departments = models.ManyToManyField(
        Department, related_name="supported_entries", blank=True, verbose_name="配合单位"
    )
    expenditure_responsibility = Text(
        "支出责任", null=True, blank=True, help_text="由哪级财政负担。例：中央与地方共同财政事权"
    )
    shares = SharesField(
        "支出分担比例",
        default=list,
        blank=True,
        help_text=(
            "条文写明的各级财政分担的百分数，一项一个，各带自己的条文；没有写明的不列，也不推算其余部分。"
            "level 可用：centre（中央）、region（自治区）、league（盟市）、banner（旗县）；"
            "of_whom 写明是哪一部分的钱，整个项目写 null。"
            '例：[{"level": "centre", "percent": "80", "of_whom": "中等职业教育国家助学金", "citation": {"source": '
            '"web-fin6-tier", "locator": "正文", "quote": "中央分担80%", "verification": "secondary", '
            '"jurisdiction": "national"}}]'
        ),
    )
    legal_basis = models.ManyToManyField(Source, related_name="+", blank=True, verbose_name="法律法规依据")
    note = Text("编者说明", null=True, blank=True, help_text="存疑之处、待核实事项。")
    canonical_json = Text(
        "封存内容", null=True, blank=True, editable=False, help_text="发布时写入的规范 JSON；对外只答复这一份。"
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["edition", "number"]
        verbose_name = verbose_name_plural = "清单条目"
        permissions = [("check_entry", "核对清单条目")]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "service"],
                name="entry_once_per_edition",
                violation_error_message="该服务项目在此版本中已有条目。",
            ),
            models.UniqueConstraint(
                fields=["edition", "number"],
                name="entry_number_once_per_edition",
                violation_error_message="此版本中已有条目使用这一序号。",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="entry_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"

    def clean(self):
        if self.edition_id and self.edition.is_published:
            raise ValidationError("所属版本已发布，条目不能更改；请在新的版本中调整。")


def sourced_fields_of(columns: Iterable[str]) -> set[str]:
    """Return the sourced fields that have any of these columns, or stand with them (amounts, shares)."""
    names = set(columns)
    return {field for field, field_columns in Entry.SOURCED_FIELDS.items() if names & set(field_columns)} | {
        column.field for name, column in quoted_values.COLUMNS.items() if name in names
    }


class SourcedField(models.TextChoices):
    """The fields of an entry that need a source, with their labels."""

    NAME = "name", "名称"
    NAME_EN = "name_en", "英文名称"
    DOMAIN = "domain", "领域"
    TARGET_GROUPS = "target_groups", "服务对象"
    ELIGIBILITY = "eligibility", "享受条件"
    CONTENT = "content", "服务内容"
    STANDARD = "standard", "服务标准"
    LEAD_DEPARTMENT = "lead_department", "牵头负责单位"
    CO_DEPARTMENTS = "co_departments", "配合单位"
    EXPENDITURE_RESPONSIBILITY = "expenditure_responsibility", "支出责任"
    LEGAL_BASIS = "legal_basis", "法律法规依据"


class FieldVerificationQuerySet(models.QuerySet):
    def unverified(self):
        """Exclude fields that were verified word for word; the rest is still to be verified."""
        return self.exclude(verification=Verification.VERBATIM)


class FieldVerification(models.Model):
    """The verification of one field of an entry (核实结论). An unknown field has none."""

    class Basis(models.TextChoices):
        PLAN = "plan", "规划"
        SEED = "seed", "报道与文章"
        REGULATION = "regulation", "法规与政策"
        NATIONAL_STANDARD = "national-standard", "国家标准"
        EDITORIAL = "editorial", "编者判断"

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="field_verifications", verbose_name="清单条目")
    field = Choice("字段", choices=SourcedField)
    verification = Choice("核实情况", choices=Verification)
    basis = Choice("依据类别", choices=Basis)

    objects = FieldVerificationQuerySet.as_manager()

    class Meta:
        ordering = ["entry", "field"]
        verbose_name = verbose_name_plural = "核实情况"
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "field"],
                name="field_verification_once_per_field",
                violation_error_message="每个字段只有一条核实结论。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()}：{self.get_verification_display()}"


class Citation(Cited):
    """A clause that supports one field of an entry (字段来源)."""

    # The field of a clause that mentions the service but supports no field: 规划中的相关表述.
    MENTION = "mention"
    FIELDS = [*SourcedField.choices, (MENTION, "相关表述")]

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="citations", verbose_name="清单条目")
    field = Choice("字段", choices=FIELDS)
    position = models.PositiveSmallIntegerField("次序", default=0)
    source = models.ForeignKey(Source, models.PROTECT, related_name="citations", verbose_name="来源文件")
    jurisdiction = Choice("适用范围", choices=Jurisdiction, null=True, blank=True)
    criterion = models.PositiveSmallIntegerField(
        "条件序号",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(rules.MAX_CRITERIA)],
        help_text="只用于享受条件：这条来源支持其中第几个条件，从 1 起；支持整条规则的留空。例：1",
    )

    class Meta(Cited.Meta):
        # pk breaks ties of positions written by SQL, so that the sealed bytes are the same on every database.
        ordering = ["entry", "position", "pk"]
        verbose_name = verbose_name_plural = "字段来源"
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(criterion__isnull=True) | Q(field="eligibility", criterion__gte=1),
                name="citation_criterion_of_eligibility",
                violation_error_message="只有享受条件的来源才有条件序号，从 1 起。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()}：{self.source}{self.locator or ''}"
