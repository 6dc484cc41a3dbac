"""The five roles of those who keep the list, as groups with their permissions; reversing takes the groups away.

``catalogue.roles`` names them. Whoever changes what a role may do adds a migration: the groups of a running site are
its administrator's to change.
"""

from django.db import migrations

VOCABULARIES = ("region", "domain", "department", "targetgroup", "source", "service", "indicator", "box")
OWNED = ("task", "project")  # shown on their domain's and box's pages
LIST = [("catalogue", model, ("view",)) for model in ("edition", "entry", "finding", "citation", "proposal")]
TERMS = [("services", model, ("view",)) for model in VOCABULARIES + OWNED]
READING = [*LIST, *TERMS]
KEEPING = [("services", model, ("add", "change")) for model in VOCABULARIES + OWNED]
EVERYTHING = [
    ("catalogue", "event", ("view",)),
    ("catalogue", "attachment", ("view",)),
    ("catalogue", "feedback", ("view",)),
    ("catalogue", "membership", ("view",)),
    ("auth", "user", ("view",)),
    ("auth", "group", ("view",)),
]
ROLES = {
    "编辑": [
        *READING,
        ("catalogue", "proposal", ("add", "change")),
        ("catalogue", "entry", ("change", "check")),
        ("catalogue", "finding", ("add", "change", "delete")),
        ("catalogue", "citation", ("add", "change", "delete")),
        ("catalogue", "feedback", ("view", "change")),
        # Who cites a document for the first time enters it.
        ("services", "source", ("add", "change")),
    ],
    "评估": [*READING, ("catalogue", "proposal", ("assess",)), ("catalogue", "attachment", ("view",))],
    "审批": [*READING, ("catalogue", "proposal", ("approve",)), ("catalogue", "attachment", ("view",))],
    "发布": [*READING, *KEEPING, ("catalogue", "edition", ("add", "change", "delete", "publish"))],
    "审计": [*READING, *EVERYTHING],
}


def make(apps, schema_editor):
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    content_type = apps.get_model("contenttypes", "ContentType")
    named = {
        (model._meta.label_lower, codename): name
        for model in apps.get_models()
        for codename, name in model._meta.permissions
    }
    for role, granted in ROLES.items():
        made, _ = group.objects.get_or_create(name=role)
        for app, model, actions in granted:
            kind, _ = content_type.objects.get_or_create(app_label=app, model=model)
            for action in actions:
                codename = f"{action}_{model}"
                # Named as Django names them after the migrations: it then finds them and makes no second ones.
                words = apps.get_model(app, model)._meta.verbose_name
                name = named.get((f"{app}.{model}", codename), f"Can {action} {words}")
                allowed, _ = permission.objects.get_or_create(
                    content_type=kind, codename=codename, defaults={"name": name}
                )
                made.permissions.add(allowed)


def take_away(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0006_roles_and_hearing"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, take_away)]
