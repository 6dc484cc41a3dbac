"""Accounts and roles: Django's own admins, with permissions labelled in Chinese and the departments of a user."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from catalogue.audit import snapshots
from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.desk.base.mixins import DeletionPreviewMixin, NamedFormSet, audit_context
from catalogue.desk.vocabularies.terms import AuditedMixin
from catalogue.models import Membership

ACTIONS = {"add": "新增", "change": "更改", "delete": "删除", "view": "查看"}


class PermissionsField(forms.ModelMultipleChoiceField):
    """Labels permissions in Chinese. ``Permission.name`` is stored in English and is never translated."""

    def label_from_instance(self, permission: Permission) -> str:
        action, _, _ = permission.codename.partition("_")
        if action not in ACTIONS:
            return permission.name
        model = permission.content_type.model_class()
        model_label = model._meta.verbose_name if model else permission.content_type.model
        return f"{ACTIONS[action]}{model_label}"


class AccountAdminMixin(AuditedMixin, OptimisticLockMixin, DeletionPreviewMixin):
    change_list_template = "desk/change_list.html"
    # Checkboxes: Django's ``filter_horizontal`` widget needs JavaScript and has no labels for screen readers.
    filter_horizontal = ()
    # No bulk actions, so that each deletion is confirmed and logged on its own.
    actions = None

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        if db_field.remote_field.model is Permission:
            kwargs["form_class"] = PermissionsField
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class MembershipInline(admin.TabularInline):
    model = Membership
    formset = NamedFormSet
    extra = 0
    autocomplete_fields = ("department",)


admin.site.unregister([User, Group])


@admin.register(User)
class EditorAdmin(AccountAdminMixin, UserAdmin):
    list_display = ("username", "last_name", "first_name", "roles", "departments", "staff")
    inlines = (MembershipInline,)
    # Without ``user_permissions``: permissions are granted by role only.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("个人信息", {"fields": ("last_name", "first_name", "email")}),
        ("能做什么", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("日期", {"fields": ("last_login", "date_joined")}),
    )
    # Set by Django.
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups", "memberships__department")

    @admin.display(description="角色")
    def roles(self, user):
        return "、".join(group.name for group in user.groups.all()) or ("管理员" if user.is_superuser else "无")

    @admin.display(description="所属部门")
    def departments(self, user):
        return (
            "、".join(
                membership.department.short_name or membership.department.name for membership in user.memberships.all()
            )
            or "无"
        )

    @admin.display(description="可进入编辑台", ordering="is_staff")
    def staff(self, user):
        # Django shows a boolean as an icon with the alternative text "True".
        return "是" if user.is_staff else "否"

    def get_inlines(self, request, obj):
        return self.inlines if obj else ()

    @transaction.atomic
    def user_change_password(self, request, id, form_url=""):  # noqa: A002 (Django's name)
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            snapshots.record_password(self.get_object(request, id), context=audit_context(request))
        return response


@admin.register(Group)
class EditorGroupAdmin(AccountAdminMixin, GroupAdmin):
    pass
