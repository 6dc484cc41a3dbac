"""Accounts and roles: an account on one page, with its name, departments, roles and first password."""

import secrets

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth import password_validation
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.urls import reverse
from django.utils.html import format_html

from catalogue.accounts import names
from catalogue.audit import snapshots
from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.desk.base.mixins import DeletionPreviewMixin, audit_context, name_when_missing
from catalogue.desk.vocabularies.terms import AuditedMixin
from catalogue.models import Membership
from services.fields import VisibleCharField, validate_visible
from services.models import Department

ACTIONS = {"add": "新增", "change": "更改", "delete": "删除", "view": "查看"}
# Without letters and digits that are mistaken for one another when a password is read out.
PASSWORD_LETTERS, PASSWORD_DIGITS = "abcdefghjkmnpqrstuvwxyz", "23456789"  # noqa: S105 - the characters of one


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

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        for field in form.base_fields.values():
            name_when_missing(field)
        return form

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        if db_field.remote_field.model is Permission:
            kwargs["form_class"] = PermissionsField
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def propose_password() -> str:
    """Return a password that is easy to read out and to type: four groups of four, about 70 bits."""
    groups = [PASSWORD_LETTERS, PASSWORD_DIGITS, PASSWORD_LETTERS, PASSWORD_LETTERS]
    return "-".join("".join(secrets.choice(characters) for _ in range(4)) for characters in groups)


class AccountForm(forms.ModelForm):
    """An account: how it signs in, and the name, departments and roles of the person."""

    name = VisibleCharField(
        label="姓名",
        max_length=150,
        validators=[validate_visible],
        widget=AdminTextInputWidget,
        help_text="办理的事项都署这个名字。例：李民政",
    )  # fmt: skip
    departments = forms.ModelMultipleChoiceField(
        Department.objects.order_by("position", "code"),
        label="部门",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="编辑只看得到、改得了所属部门牵头的服务项目；评估、审批、发布和审计看全部，可以不选。",
    )

    groups = forms.ModelMultipleChoiceField(
        Group.objects.all(),
        label="角色",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="角色决定能做什么；提出、评估和批准同一件建议的不能是同一人。",
    )

    class Meta:
        model = User
        fields = ("username", "groups", "is_staff", "is_active", "is_superuser")
        labels = {"username": "登录名", "is_staff": "工作人员状态", "is_superuser": "管理员"}
        help_texts = {
            "username": "登录时输入，别处不显示。字母、数字和 @ . + - _。例：minzheng_li",
            "is_staff": "勾选才能进入编辑台。",
            "is_active": "不勾选就不能登录。人员离任时取消勾选，不要删除账号。",
            "is_superuser": "不受角色和部门限制，并能管理账号。",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A page without permission to change has none of these fields.
        if self.instance.pk and "name" in self.fields:
            self.initial["name"] = f"{self.instance.last_name}{self.instance.first_name}"
            self.initial["departments"] = [membership.department_id for membership in self.instance.memberships.all()]

    def save(self, commit=True):
        if "name" in self.changed_data:
            self.instance.last_name, self.instance.first_name = "", self.cleaned_data["name"]
        return super().save(commit)

    def _save_m2m(self):
        super()._save_m2m()
        departments = self.cleaned_data["departments"]
        self.instance.memberships.exclude(department__in=departments).delete()
        for department in departments:
            Membership.objects.get_or_create(user=self.instance, department=department)


class NewAccountForm(AccountForm):
    password = forms.CharField(
        label="初始口令",
        strip=False,
        max_length=128,
        initial=propose_password,
        widget=AdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="已拟好一个，可以改。请记下并当面交给本人，保存之后不再显示；本人登录后可在右上角“修改密码”更换。",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["is_staff"] = True

    def _post_clean(self):
        # After the instance has the name, which the password may not resemble.
        super()._post_clean()
        if password := self.cleaned_data.get("password"):
            try:
                password_validation.validate_password(password, self.instance)
            except forms.ValidationError as error:
                self.add_error("password", error)

    def save(self, commit=True):
        self.instance.set_password(self.cleaned_data["password"])
        return super().save(commit)


class PasswordForm(AdminPasswordChangeForm):
    """A new password of an account, without Django's choice to disable passwords in favour of LDAP."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)


admin.site.unregister([User, Group])


@admin.register(User)
class EditorAdmin(AccountAdminMixin, UserAdmin):
    form, add_form, change_password_form = AccountForm, NewAccountForm, PasswordForm
    add_form_template = None
    list_display = ("username", "name", "departments", "roles", "staff")
    # Without ``user_permissions``: permissions are granted by role only.
    add_fieldsets = (
        (None, {"fields": ("name", "username", "password", "departments", "groups", "is_staff")}),
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("name", "username", "new_password", "departments", "groups")}),
        ("能否登录", {"fields": ("is_staff", "is_active", "is_superuser", "last_login", "date_joined")}),
    )
    # The dates are set by Django.
    readonly_fields = ("new_password", "last_login", "date_joined")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups", "memberships__department")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        # Only who may change an account can set its password.
        return [
            (title, {"fields": [name for name in options["fields"] if name != "new_password"]})
            for title, options in fieldsets
        ]

    @admin.display(description="姓名", ordering="last_name")
    def name(self, user):
        return f"{user.last_name}{user.first_name}" or "没有填写"

    @admin.display(description="角色")
    def roles(self, user):
        return "、".join(group.name for group in user.groups.all()) or ("管理员" if user.is_superuser else "无")

    @admin.display(description="部门")
    def departments(self, user):
        return "、".join(names.departments_of(user)) or "无"

    @admin.display(description="可进入编辑台", ordering="is_staff")
    def staff(self, user):
        # Django shows a boolean as an icon with the alternative text "True".
        return "是" if user.is_staff else "否"

    @admin.display(description="口令")
    def new_password(self, user):
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a class="button" href="{}">另设口令</a>', url)

    def response_add(self, request, obj, post_url_continue=None):
        # The account is complete: Django would open it once more for the rest.
        return super(UserAdmin, self).response_add(request, obj, post_url_continue)

    @transaction.atomic
    def user_change_password(self, request, id, form_url=""):  # noqa: A002 (Django's name)
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            snapshots.record_password(self.get_object(request, id), context=audit_context(request))
        return response


@admin.register(Group)
class EditorGroupAdmin(AccountAdminMixin, GroupAdmin):
    pass
