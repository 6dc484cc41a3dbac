"""Users and groups: Django's own screens, with the permissions named in Chinese."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User

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


class InChinese:
    change_list_template = "desk/change_list.html"

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        if db_field.remote_field.model is Permission:
            kwargs["form_class"] = PermissionsField
        return super().formfield_for_manytomany(db_field, request, **kwargs)


admin.site.unregister([User, Group])


@admin.register(User)
class EditorAdmin(InChinese, UserAdmin):
    list_display = ("username", "last_name", "first_name", "email", "staff")

    @admin.display(description="可进入编辑台", ordering="is_staff")
    def staff(self, user):
        # Django's own column is a picture whose text is the word True.
        return "是" if user.is_staff else "否"


@admin.register(Group)
class EditorGroupAdmin(InChinese, GroupAdmin):
    pass
