"""Roles and department scope of accounts: the five roles, and the departments whose services an account can see.

The permissions of a role are those of its group, which a migration creates. Here is the scope: an editor's services are
those of the departments of his or her memberships, and of those that took their place by the day.
"""

import datetime

from django.contrib.auth.models import AbstractBaseUser

from services.departments import Department, chain

EDITOR, ASSESSOR, APPROVER, PUBLISHER, AUDITOR = "编辑", "评估", "审批", "发布", "审计"
ROLES = (EDITOR, ASSESSOR, APPROVER, PUBLISHER, AUDITOR)
ADMINISTRATOR = "管理员"
# Roles that assess, approve, publish or audit the whole list see all of it.
UNRESTRICTED_ROLES = {ASSESSOR, APPROVER, PUBLISHER, AUDITOR}


def roles_of(user: AbstractBaseUser) -> list[str]:
    """Return the roles of a user in the order of ``ROLES``, after 管理员 for a superuser. Cached on the user."""
    if not hasattr(user, "_roles"):
        group_names = set(user.groups.values_list("name", flat=True))
        user._roles = [ADMINISTRATOR] * user.is_superuser + [role for role in ROLES if role in group_names]
    return user._roles


def departments_of(user: AbstractBaseUser, on: datetime.date) -> list[str]:
    """Return the codes of the departments of a user, and of those that took their place by a day."""
    return list(dict.fromkeys(code for codes in _chains(user, on) for code in codes))


def acting_departments(user: AbstractBaseUser, on: datetime.date) -> list[str]:
    """Return the codes of the departments that a user acts for on a day: none that another one took the place of."""
    return list(dict.fromkeys(codes[-1] for codes in _chains(user, on)))


def visible_departments(user: AbstractBaseUser, on: datetime.date) -> list[str] | None:
    """Return the codes of the departments whose services and proposals a user can see on a day; None for all."""
    return None if user.is_superuser or UNRESTRICTED_ROLES & set(roles_of(user)) else departments_of(user, on)


def can_see(user: AbstractBaseUser, department: str | None, on: datetime.date) -> bool:
    """Whether a user can see the services of a department (its code; None: services without a department) on a day."""
    departments = visible_departments(user, on)
    return departments is None or department in departments


def can_change(user: AbstractBaseUser, department: str | None, on: datetime.date) -> bool:
    """Whether a department (its code; None: none) is in the scope of a user on a day; the role is not checked."""
    return user.is_superuser or department in departments_of(user, on)


def _chains(user: AbstractBaseUser, on: datetime.date) -> list[list[str]]:
    """Return the department of each membership with those that took its place by a day. Cached on the user."""
    if not hasattr(user, "_departments"):
        user._departments = {}
    if on not in user._departments:
        codes = list(user.memberships.values_list("department__code", flat=True))
        successors = Department.objects.successors(on) if codes else {}
        user._departments[on] = [chain(code, successors) for code in codes]
    return user._departments[on]
