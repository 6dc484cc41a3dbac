"""A row for every change that readers are told of; 0012 makes the database write them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0010_synonym_permissions")]
    operations = [
        migrations.CreateModel(
            name="Touch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(editable=False, max_length=32, verbose_name="标记")),
            ],
            options={"verbose_name": "变动", "verbose_name_plural": "变动", "default_permissions": ()},
        ),
    ]
