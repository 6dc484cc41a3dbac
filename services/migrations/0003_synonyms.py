"""Synonyms (同义词): the words people use, and the services each stands for, the likeliest first."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import services.fields


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0002_codes_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="Synonym",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "locator",
                    services.fields.Line(
                        blank=True,
                        help_text="章、条、表或专栏。例：表2、第四章第五节",
                        max_length=200,
                        null=True,
                        verbose_name="位置",
                    ),
                ),
                (
                    "quote",
                    services.fields.Text(
                        blank=True, help_text="逐字照录；标为“原文核对”时必填。", null=True, verbose_name="原文"
                    ),
                ),
                (
                    "verification",
                    services.fields.Choice(
                        choices=[("verbatim", "原文核对"), ("secondary", "转述"), ("unverified", "未核实")],
                        max_length=40,
                        verbose_name="核实情况",
                    ),
                ),
                (
                    "word",
                    services.fields.Line(
                        help_text="人们平常的叫法，至多30字；保存后不再更改，写错了请删去另立。例：低保、新农合、看病报销",
                        max_length=30,
                        validators=[services.fields.plain_word],
                        verbose_name="词语",
                    ),
                ),
                (
                    "note",
                    services.fields.Text(
                        blank=True,
                        help_text="为什么这样叫，或只指其中哪一部分。例：合并前的旧称",
                        null=True,
                        verbose_name="说明",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="services.source",
                        verbose_name="来源文件",
                    ),
                ),
            ],
            options={
                "verbose_name": "同义词",
                "verbose_name_plural": "同义词",
                "ordering": ["word"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Meaning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="多数人所指的排第一；次序相同的，先填的在前。例：1", verbose_name="次序"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meanings",
                        to="services.service",
                        verbose_name="服务项目",
                    ),
                ),
                (
                    "synonym",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="meanings",
                        to="services.synonym",
                        verbose_name="同义词",
                    ),
                ),
            ],
            options={
                "verbose_name": "所指服务",
                "verbose_name_plural": "所指服务",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="synonym",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verification", "verbatim"), _negated=True), ("quote__isnull", False), _connector="OR"
                ),
                name="services_synonym_verbatim_has_quote",
                violation_error_message="标为“原文核对”的，必须照录原文。",
            ),
        ),
        migrations.AddConstraint(
            model_name="synonym",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("word"),
                name="synonym_word_once",
                violation_error_message="已有这个词语（字母不分大小写）；请到那一条里补充所指的服务。",
            ),
        ),
        migrations.AddConstraint(
            model_name="meaning",
            constraint=models.UniqueConstraint(
                fields=("synonym", "service"), name="meaning_once", violation_error_message="这个词语已经指向这项服务。"
            ),
        ),
    ]
