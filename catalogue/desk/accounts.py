"""Accounts and roles: Django's own screens, with the permissions named in Chinese and the departments beside."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from catalogue.audit import snapshots
from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.desk.base.mixins import DeletionPreviewMixin, NamedFormSet, act
from catalogue.desk.vocabularies.terms import AuditedMixin
from catalogue.models import Membership

ACTIONS = {"add": "新增", "change": "更改", "delete": "删除", "view": "查看"}


class PermissionsField(forms.ModelMultipleChoiceField):
    """Permissions by what they allow: their names are stored in English, whatever the language."""

    def label_from_instance(self, permission: Permission) -> str:
        action, _, _ = permission.codename.partition("_")
        if action not in ACTIONS:
            return permission.name
        model = permission.content_type.model_class()
        what = model._meta.verbose_name if model else permission.content_type.model
        return f"{ACTIONS[action]}{what}"


class AccountAdminMixin(AuditedMixin, OptimisticLockMixin, DeletionPreviewMixin):
    change_list_template = "desk/change_list.html"
    # Boxes to tick: Django's two lists with arrows between need a script, and have no names a reader hears.
    filter_horizontal = ()
    # One at a time, so that each deletion is asked about and on record.
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
    # What somebody may do is a matter of roles, not of single permissions.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("个人信息", {"fields": ("last_name", "first_name", "email")}),
        ("能做什么", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("日期", {"fields": ("last_login", "date_joined")}),
    )
    # The clock's to write, nobody's to type.
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups", "memberships__department")

    @admin.display(description="角色")
    def roles(self, user):
        return "、".join(group.name for group in user.groups.all()) or ("管理员" if user.is_superuser else "无")

    @admin.display(description="所属部门")
    def departments(self, user):
        return "、".join(each.department.short_name or each.department.name for each in user.memberships.all()) or "无"

    @admin.display(description="可进入编辑台", ordering="is_staff")
    def staff(self, user):
        # Django's own column is a picture whose text is the word True.
        return "是" if user.is_staff else "否"

    def get_inlines(self, request, obj):
        return self.inlines if obj else ()

    @transaction.atomic
    def user_change_password(self, request, id, form_url=""):  # noqa: A002 (Django's name)
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            snapshots.record_password(self.get_object(request, id), context=act(request))
        return answer


@admin.register(Group)
class EditorGroupAdmin(AccountAdminMixin, GroupAdmin):
    pass
