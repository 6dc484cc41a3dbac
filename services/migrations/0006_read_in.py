"""Where a document was read. SQLite remakes the table for it, and so drops its triggers: they are made again."""

from importlib import import_module

from django.db import migrations, models

import services.fields

TOUCHED = import_module("catalogue.migrations.0012_touched")


class Migration(migrations.Migration):
    dependencies = [("services", "0005_reading"), ("catalogue", "0015_cases_touched")]
    operations = [
        migrations.AddField(
            model_name="source",
            name="read_in",
            field=services.fields.Choice(
                choices=[("official", "发布机关的网站或公报"), ("copy", "副本或转载"), ("none", "未读到")],
                default="copy",
                help_text="在哪里读到的：没有在发布机关的网站或公报上核对过的，都是“副本或转载”。",
                max_length=40,
                verbose_name="读自",
            ),
        ),
        migrations.AlterField(
            model_name="targetgroup",
            name="definition",
            field=models.JSONField(
                blank=True,
                help_text='条文怎样界定；没有的留空。例：{"text": "本法所称老年人是指六十周岁以上的公民。"}',
                null=True,
                validators=[services.fields.no_nul],
                verbose_name="条文给出的界定",
            ),
        ),
        migrations.RunPython(TOUCHED.notice, migrations.RunPython.noop),
    ]
