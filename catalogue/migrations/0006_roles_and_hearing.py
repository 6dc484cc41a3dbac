"""Departments of editors, what comes in from outside, terms in the record, and the steps roles may take.

SQLite makes a table anew to change a column and loses its triggers: they are taken off first and put on again after.
"""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import services.fields

KEPT = [import_module(f"catalogue.migrations.{name}") for name in ("0004_record_kept", "0005_decided_by_others")]


def keep(apps, schema_editor):
    for each in KEPT:
        each.keep(apps, schema_editor)


def release(apps, schema_editor):
    for each in KEPT:
        each.release(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0005_decided_by_others"),
        ("services", "0002_codes_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(release, keep),
        migrations.AlterModelOptions(
            name="edition",
            options={
                "ordering": ["-effective_from", "-number"],
                "permissions": [("publish_edition", "发布版本")],
                "verbose_name": "版本",
                "verbose_name_plural": "版本",
            },
        ),
        migrations.AlterModelOptions(
            name="entry",
            options={
                "ordering": ["edition", "number"],
                "permissions": [("check_entry", "核对清单条目")],
                "verbose_name": "清单条目",
                "verbose_name_plural": "清单条目",
            },
        ),
        migrations.AlterModelOptions(
            name="proposal",
            options={
                "default_permissions": ("add", "change", "view"),
                "ordering": ["-number"],
                "permissions": [("assess_proposal", "评估调整建议"), ("approve_proposal", "审批调整建议")],
                "verbose_name": "调整建议",
                "verbose_name_plural": "调整建议",
            },
        ),
        migrations.AddField(
            model_name="event",
            name="term",
            field=services.fields.Line(
                help_text="词表与代码，或账号。例：department/finance", max_length=150, null=True, verbose_name="词条"
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="imported_from",
            field=services.fields.Code(
                blank=True,
                help_text="由表格导入的建议：文件的 SHA-256。",
                max_length=64,
                null=True,
                pattern="\\A[0-9a-f]{64}\\Z",
                verbose_name="导入文件的摘要",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="verb",
            field=services.fields.Choice(
                choices=[
                    ("created", "新建"),
                    ("revised", "修改"),
                    ("deleted", "删除"),
                    ("published", "发布"),
                    ("drafted", "起草建议"),
                    ("amended", "修改建议"),
                    ("submitted", "提交建议"),
                    ("assessed", "评估"),
                    ("approved", "批准"),
                    ("declined", "退回"),
                    ("retracted", "撤回"),
                    ("taken-up", "编入版本"),
                    ("commented", "意见"),
                    ("checked", "核对无误"),
                    ("answered", "答复反馈"),
                    ("service-added", "服务项目新增"),
                    ("service-changed", "服务项目调整"),
                    ("service-withdrawn", "服务项目取消"),
                ],
                max_length=40,
                verbose_name="事项",
            ),
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    services.fields.Code(
                        max_length=64, pattern="\\A[0-9a-f]{64}\\Z", unique=True, verbose_name="摘要（SHA-256）"
                    ),
                ),
                ("name", services.fields.Line(max_length=200, verbose_name="文件名")),
                ("content", models.BinaryField(verbose_name="内容")),
                ("at", models.DateTimeField(verbose_name="上传时间")),
                (
                    "uploader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
            ],
            options={
                "verbose_name": "附件",
                "verbose_name_plural": "附件",
                "ordering": ["-at", "-id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "receipt",
                    services.fields.Code(
                        max_length=64, pattern="\\A[0-9a-z]{16}\\Z", unique=True, verbose_name="回执编号"
                    ),
                ),
                (
                    "field",
                    services.fields.Choice(
                        blank=True,
                        choices=[
                            ("name", "名称"),
                            ("name_en", "英文名称"),
                            ("domain", "领域"),
                            ("target_groups", "服务对象"),
                            ("content", "服务内容"),
                            ("standard", "服务标准"),
                            ("lead_department", "牵头负责单位"),
                            ("co_departments", "配合单位"),
                            ("expenditure_responsibility", "支出责任"),
                            ("legal_basis", "法律法规依据"),
                            ("mention", "相关表述"),
                        ],
                        max_length=40,
                        null=True,
                        verbose_name="字段",
                    ),
                ),
                (
                    "message",
                    services.fields.Text(
                        validators=[django.core.validators.MaxLengthValidator(5000)], verbose_name="意见"
                    ),
                ),
                (
                    "contact",
                    services.fields.Line(
                        blank=True,
                        help_text="答复后即删除，不公开。",
                        max_length=200,
                        null=True,
                        verbose_name="联系方式",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="收到时间")),
                (
                    "state",
                    services.fields.Choice(
                        choices=[("received", "已收到"), ("considered", "已转为调整建议"), ("answered", "已答复")],
                        default="received",
                        max_length=40,
                        verbose_name="状态",
                    ),
                ),
                (
                    "answer",
                    services.fields.Text(
                        blank=True,
                        help_text="凭回执编号可以看到。例：已列入2027年版调整建议。",
                        null=True,
                        verbose_name="公开答复",
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
                (
                    "edition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
                        to="catalogue.edition",
                        verbose_name="版本",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
                        to="catalogue.proposal",
                        verbose_name="由此提出的建议",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
                        to="services.service",
                        verbose_name="服务项目代码",
                    ),
                ),
            ],
            options={
                "verbose_name": "意见反馈",
                "verbose_name_plural": "意见反馈",
                "ordering": ["-at", "-id"],
                "default_permissions": ("view", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer__isnull", False), ("answered_at__isnull", False), ("state", "answered")),
                            models.Q(
                                models.Q(("state", "answered"), _negated=True),
                                ("answer__isnull", True),
                                ("answered_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="feedback_answered_with_an_answer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "answered"), _negated=True), ("contact__isnull", True), _connector="OR"
                        ),
                        name="feedback_contact_gone_once_answered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "department",
                    models.ForeignKey(
                        help_text="编辑只看得到、改得了所属部门牵头的服务项目。例：自治区民政厅",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="services.department",
                        verbose_name="部门",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="账号",
                    ),
                ),
            ],
            options={
                "verbose_name": "所属部门",
                "verbose_name_plural": "所属部门",
                "ordering": ["user", "department"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "department"),
                        name="membership_once",
                        violation_error_message="这个账号已经属于该部门。",
                    )
                ],
            },
        ),
        migrations.RunPython(keep, release),
    ]
