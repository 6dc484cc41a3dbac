"""Roles and department scope of accounts: the five roles, and the departments whose services an account can see.

The permissions of a role are those of its group, which a migration creates. Here is the scope: an editor's services are
those of the departments of his or her memberships.
"""

from django.contrib.auth.models import AbstractBaseUser

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


def departments_of(user: AbstractBaseUser) -> list[str]:
    """Return the codes of the departments of a user. Cached on the user."""
    if not hasattr(user, "_departments"):
        user._departments = list(user.memberships.values_list("department__code", flat=True))
    return user._departments


def visible_departments(user: AbstractBaseUser) -> list[str] | None:
    """Return the codes of the departments whose services and proposals a user can see; None for all."""
    return None if user.is_superuser or UNRESTRICTED_ROLES & set(roles_of(user)) else departments_of(user)


def can_see(user: AbstractBaseUser, department: str | None) -> bool:
    """Whether a user can see the services of a department (its code; None: services without a department)."""
    departments = visible_departments(user)
    return departments is None or department in departments


def can_change(user: AbstractBaseUser, department: str | None) -> bool:
    """Whether a department (its code; None: none) is in the scope of a user for changes; the role is not checked."""
    return user.is_superuser or department in departments_of(user)
