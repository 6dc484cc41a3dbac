"""What the files last said of each term, so that what editors made of it since is not undone at every start."""

from django.db import migrations, models

import services.fields


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0003_synonyms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Loaded",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", services.fields.Line(max_length=50, verbose_name="文件")),
                ("term", services.fields.Line(max_length=64, verbose_name="词条")),
                (
                    "digest",
                    services.fields.Code(max_length=64, pattern="\\A[0-9a-f]{64}\\Z", verbose_name="所载内容的摘要"),
                ),
            ],
            options={
                "verbose_name": "已装入的词条",
                "verbose_name_plural": "已装入的词条",
                "ordering": ["file", "term"],
                "constraints": [models.UniqueConstraint(fields=("file", "term"), name="loaded_term_once")],
            },
        ),
    ]
