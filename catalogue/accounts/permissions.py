"""Who may do what: the five roles, and the departments whose services somebody sees and changes.

What a role may do is a matter of its group's permissions, made by a migration. What is kept here is whose services:
an editor's are those of the departments he or she belongs to.
"""

from django.contrib.auth.models import AbstractBaseUser

EDITOR, ASSESSOR, APPROVER, PUBLISHER, AUDITOR = "编辑", "评估", "审批", "发布", "审计"
ROLES = (EDITOR, ASSESSOR, APPROVER, PUBLISHER, AUDITOR)
ADMINISTRATOR = "管理员"
# Whoever judges, publishes or audits the whole list sees all of it.
UNRESTRICTED_ROLES = {ASSESSOR, APPROVER, PUBLISHER, AUDITOR}


def roles_of(user: AbstractBaseUser) -> list[str]:
    """Return the roles somebody has, in the order of the work; an administrator is one before all others."""
    if not hasattr(user, "_roles"):
        held = set(user.groups.values_list("name", flat=True))
        user._roles = [ADMINISTRATOR] * user.is_superuser + [role for role in ROLES if role in held]
    return user._roles


def departments_of(user: AbstractBaseUser) -> list[str]:
    """Return the codes of the departments somebody belongs to."""
    if not hasattr(user, "_departments"):
        user._departments = list(user.memberships.values_list("department__code", flat=True))
    return user._departments


def visible_departments(user: AbstractBaseUser) -> list[str] | None:
    """Return the codes of the departments whose services and proposals somebody sees; None for all."""
    return None if user.is_superuser or UNRESTRICTED_ROLES & set(roles_of(user)) else departments_of(user)


def can_see(user: AbstractBaseUser, department: str | None) -> bool:
    """Whether somebody sees what is a department's (code; None: nobody's)."""
    seen = visible_departments(user)
    return seen is None or department in seen


def can_change(user: AbstractBaseUser, department: str | None) -> bool:
    """Whether what is a department's (code; None: nobody's) is somebody's to change, if his or her role allows it."""
    return user.is_superuser or department in departments_of(user)
