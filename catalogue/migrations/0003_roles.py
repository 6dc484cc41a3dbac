"""The five roles of the list's editors, as groups with their permissions; reversing takes the groups away.

``permissions.ROLES`` names them. Another migration follows a change of what a role may do: the groups of a running site
are its administrator's to change.
"""

from django.db import migrations

TERMS = (
    *("region", "domain", "task", "department", "contact", "identifier", "targetgroup", "source", "service"),
    *("indicator", "observation", "projectgroup", "project", "synonym", "synonymtarget", "topic", "topicservice"),
)
# The editors' own words and groupings, which a document does not give.
EDITORIAL = ("synonym", "synonymtarget", "topic", "topicservice")
READ = {
    "catalogue": {
        model: ["view"] for model in ("edition", "entry", "fieldverification", "citation", "case", "proposal")
    },
    "services": {model: ["view"] for model in TERMS},
}
# By role: what it may do beyond reading the list, its proposals and the vocabularies.
ROLES = {
    "编辑": {
        # Entries, their labels and citations change by proposals alone.
        "catalogue": {"proposal": ["add", "change"], "entry": ["check"], "feedback": ["view", "change", "release"]},
        # A document that is cited for the first time is entered by who cites it.
        "services": {"source": ["add", "change"], "observation": ["add", "change"]},
    },
    "评估": {"catalogue": {"proposal": ["assess"], "attachment": ["view"]}},
    "审批": {
        "catalogue": {"proposal": ["approve"], "attachment": ["view"], "feedback": ["view", "release"]},
        "services": {"observation": ["approve"]},
    },
    "发布": {
        "catalogue": {"edition": ["add", "change", "delete", "publish"]},
        "services": {model: ["add", "change", *(["delete"] if model in EDITORIAL else [])] for model in TERMS}
        | {"observation": ["add", "change", "approve"]},
    },
    "审计": {
        "catalogue": {model: ["view"] for model in ("event", "attachment", "feedback", "membership")},
        "auth": {"user": ["view"], "group": ["view"]},
    },
}


def create(apps, schema_editor):
    group_model = apps.get_model("auth", "Group")
    for role, permissions in ROLES.items():
        group, _ = group_model.objects.get_or_create(name=role)
        for granted in (READ, permissions):
            for app, models in granted.items():
                for model, actions in models.items():
                    group.permissions.add(*(_permission(apps, app, model, action) for action in actions))


def _permission(apps, app: str, model: str, action: str):
    """Return a permission, named as Django names it after the migrations, so that it makes no second one."""
    options, codename = apps.get_model(app, model)._meta, f"{action}_{model}"
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=codename,
        defaults={"name": dict(options.permissions).get(codename, f"Can {action} {options.verbose_name}")},
    )
    return permission


def drop(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_triggers"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create, drop)]
