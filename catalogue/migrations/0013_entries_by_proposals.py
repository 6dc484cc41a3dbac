"""Entries, findings and citations are changed by proposals alone: no role may add, change or delete them.

Reversing gives the editors back what ``0007_roles`` gave them; what else an administrator gave is not known any more.
"""

from django.db import migrations

MODELS = ("entry", "finding", "citation")
GIVEN_BACK = (
    "change_entry",
    *(f"{action}_{model}" for model in ("finding", "citation") for action in ("add", "change", "delete")),
)


def permissions(apps):
    """The permissions of these models, but for looking at them and for saying that an entry was checked."""
    return apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="catalogue",
        content_type__model__in=MODELS,
        codename__in=[f"{action}_{model}" for model in MODELS for action in ("add", "change", "delete")],
    )


def take_away(apps, schema_editor):
    for permission in permissions(apps):
        permission.group_set.clear()
        permission.user_set.clear()


def give_back(apps, schema_editor):
    for editors in apps.get_model("auth", "Group").objects.filter(name="编辑"):
        editors.permissions.add(*permissions(apps).filter(codename__in=GIVEN_BACK))


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0012_touched"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(take_away, give_back)]
