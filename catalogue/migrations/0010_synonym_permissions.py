"""Everybody on the desk sees the synonyms; whoever publishes keeps them, and deletes one that misleads.

Reversing takes these permissions from the roles again.
"""

from django.db import migrations

READERS = ("编辑", "评估", "审批", "发布", "审计")
KEEPER = "发布"
MODELS = ("synonym", "meaning")  # a meaning is shown on its synonym's page


def grant(apps, schema_editor):
    content_type = apps.get_model("contenttypes", "ContentType")
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for model in MODELS:
        kind, _ = content_type.objects.get_or_create(app_label="services", model=model)
        words = apps.get_model("services", model)._meta.verbose_name
        for action in ("view", "add", "change", "delete"):
            # Named as Django names them after the migrations: it then finds them and makes no second ones.
            allowed, _ = permission.objects.get_or_create(
                content_type=kind, codename=f"{action}_{model}", defaults={"name": f"Can {action} {words}"}
            )
            for role in group.objects.filter(name__in=READERS if action == "view" else [KEEPER]):
                role.permissions.add(allowed)


def take_away(apps, schema_editor):
    taken = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="services", content_type__model__in=MODELS
    )
    for role in apps.get_model("auth", "Group").objects.filter(name__in=READERS):
        role.permissions.remove(*taken)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0009_eligibility"), ("services", "0003_synonyms")]
    operations = [migrations.RunPython(grant, take_away)]
