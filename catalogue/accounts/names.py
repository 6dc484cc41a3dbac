"""Names of people as the desk shows them: 姓名（部门）. The user name is for signing in alone."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import CharField, F, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf

from services.models import Department

FULL_NAME = NullIf(Concat("last_name", "first_name"), Value(""))


def full_name(user: AbstractBaseUser) -> str:
    """Return the name of a person, family name first; the user name of an account without one."""
    return f"{user.last_name}{user.first_name}" or user.get_username()


def person_name(user: AbstractBaseUser) -> str:
    """Return a person as 姓名（部门）, without brackets for an account of no department."""
    return _in_department(full_name(user), "、".join(departments_of(user)))


def departments_of(user: AbstractBaseUser) -> list[str]:
    """Return the short names of the departments of a user. No query after a prefetch of ``memberships__department``."""
    is_prefetched = "memberships" in getattr(user, "_prefetched_objects_cache", {})
    memberships = user.memberships.all() if is_prefetched else user.memberships.select_related("department")
    return [str(membership.department) for membership in memberships]


def with_actors(events: QuerySet) -> QuerySet:
    """Annotate events with the name of the actor and of the department that he or she acted for, for ``actor()``."""
    users = get_user_model().objects.filter(username=OuterRef("actor"))
    departments = Department.objects.filter(code=OuterRef("department"))
    name = Coalesce(Subquery(users.values(full=FULL_NAME)[:1]), F("actor"), output_field=CharField())
    return events.annotate(
        actor_name=name, actor_department=Subquery(departments.values(named=Coalesce("short_name", "name"))[:1])
    )


def actor(event: Model) -> str:
    """Return who did an event of ``with_actors()``; the user name if the account is gone."""
    return _in_department(event.actor_name, event.actor_department) if event.actor else "系统装入"


def _in_department(name: str, department: str | None) -> str:
    return f"{name}（{department}）" if department else name
