"""Whom a service is for, as data; and which of its criteria a clause supports.

SQLite makes a table anew to change a column and loses its triggers: they are taken off first and put on again after.
PostgreSQL's CHECK of a column's choices is made anew by hand, because Django does so for types of its own alone.
"""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import services.fields

SEALED = import_module("catalogue.migrations.0002_sealed")


def widen(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for name in ("Citation", "Finding", "Feedback"):
        model = apps.get_model("catalogue", name)
        check = model._meta.get_field("field").db_check(schema_editor.connection)
        table = model._meta.db_table
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_field_check")
        schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_field_check CHECK ({check})")


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0008_verbs_on_postgresql"),
        ("services", "0002_codes_kept"),
    ]

    operations = [
        migrations.RunPython(SEALED.unseal, SEALED.seal),
        migrations.AddField(
            model_name="citation",
            name="criterion",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="只用于享受条件：这条来源支持其中第几个条件，从 1 起；支持整条规则的留空。例：1",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)],
                verbose_name="条件序号",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="eligibility",
            field=services.fields.RuleField(
                blank=True,
                help_text="谁可以享受：满足任何一组的全部条件即可。例：年龄不小于65周岁，且在本地连续居住不少于6个月",
                null=True,
                verbose_name="享受条件",
            ),
        ),
        migrations.AlterField(
            model_name="citation",
            name="field",
            field=services.fields.Choice(
                choices=[
                    ("name", "名称"),
                    ("name_en", "英文名称"),
                    ("domain", "领域"),
                    ("target_groups", "服务对象"),
                    ("eligibility", "享受条件"),
                    ("content", "服务内容"),
                    ("standard", "服务标准"),
                    ("lead_department", "牵头负责单位"),
                    ("co_departments", "配合单位"),
                    ("expenditure_responsibility", "支出责任"),
                    ("legal_basis", "法律法规依据"),
                    ("mention", "相关表述"),
                ],
                max_length=40,
                verbose_name="字段",
            ),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="field",
            field=services.fields.Choice(
                blank=True,
                choices=[
                    ("name", "名称"),
                    ("name_en", "英文名称"),
                    ("domain", "领域"),
                    ("target_groups", "服务对象"),
                    ("eligibility", "享受条件"),
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
        migrations.AlterField(
            model_name="finding",
            name="field",
            field=services.fields.Choice(
                choices=[
                    ("name", "名称"),
                    ("name_en", "英文名称"),
                    ("domain", "领域"),
                    ("target_groups", "服务对象"),
                    ("eligibility", "享受条件"),
                    ("content", "服务内容"),
                    ("standard", "服务标准"),
                    ("lead_department", "牵头负责单位"),
                    ("co_departments", "配合单位"),
                    ("expenditure_responsibility", "支出责任"),
                    ("legal_basis", "法律法规依据"),
                ],
                max_length=40,
                verbose_name="字段",
            ),
        ),
        migrations.AddConstraint(
            model_name="citation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("criterion__isnull", True),
                    models.Q(("criterion__gte", 1), ("field", "eligibility")),
                    _connector="OR",
                ),
                name="citation_criterion_of_eligibility",
                violation_error_message="只有享受条件的来源才有条件序号，从 1 起。",
            ),
        ),
        migrations.RunPython(widen, migrations.RunPython.noop),
        migrations.RunPython(SEALED.seal, SEALED.unseal),
    ]
