"""The admin site of the desk: its titles, the order of its screens, and its error pages."""

from collections.abc import Callable
from functools import wraps

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.i18n import JavaScriptCatalog

from catalogue.accounts import permissions
from catalogue.desk import dashboard, rule_forms
from catalogue.desk.base.services import named
from catalogue.desk.spreadsheets import imports
from catalogue.editions import drafts
from catalogue.models import DamagedEditionError

NOT_ALLOWED = "您没有进行这项操作的权限。如有需要，请联系管理员。"
NOT_STORED = (
    "数据库没有接受这次更改，什么都没有写入。可能是版本刚刚发布，或另一位编辑刚刚保存了同一内容；请返回重新查看后再改。"
)
BUSY = "数据库正忙，这次没有写入任何内容。请稍等片刻，用“后退”回到刚才的页面再保存一次。"


class NamingAutocompleteView(AutocompleteJsonView):
    """The answers of a search box; a service, which is known by its code, is answered with its newest name."""

    def serialize_result(self, obj, to_field_name):
        name = getattr(obj, "newest_name", None)
        result = super().serialize_result(obj, to_field_name)
        return result | {"text": named(obj.code, name)} if name else result


class DeskSite(AdminSite):
    site_header = "内蒙古自治区基本公共服务清单 · 编辑台"
    site_title = "清单编辑台"
    index_title = "编辑台首页"
    empty_value_display = "未知"
    index_template = "desk/index.html"

    # The order of the work, instead of Django's alphabetical order.
    ORDER = {
        "catalogue": ["Proposal", "Edition", "Entry", "Case", "FieldVerification", "Feedback", "Event"],
        "services": [
            "Domain",
            "Department",
            "TargetGroup",
            "Source",
            "Service",
            "Synonym",
            "Topic",
            "Indicator",
            "Observation",
            "ProjectGroup",
            "Region",
        ],
        "auth": ["User", "Group"],
    }

    def get_app_list(self, request, app_label=None):
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = getattr(self._registry[model["model"]], "listed_as", model["name"])
            app["models"].sort(key=lambda model: self.ORDER[model["model"]._meta.app_label].index(model["object_name"]))
        return sorted(apps, key=lambda app: list(self.ORDER).index(app["app_label"]))

    def index(self, request, extra_context=None):
        today = timezone.localdate()
        context = {
            "today": today,
            "work": list(dashboard.waiting_for(request.user, on=today)),
            "roles": permissions.roles_of(request.user),
            "departments": [
                str(membership.department) for membership in request.user.memberships.select_related("department")
            ],
        }
        return super().index(request, context | (extra_context or {}))

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Turn exceptions of a view into an error page in Chinese that gives the reason.

        403 for PermissionDenied, 409 for DraftError and IntegrityError, 503 for DamagedEditionError and
        OperationalError. The transactions of the views end inside, so they are rolled back before this answers.
        The triggers of the database raise IntegrityError for a change to an edition that was published meanwhile.
        """
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def outer(request: HttpRequest, *args, **kwargs):
            try:
                return inner(request, *args, **kwargs)
            except PermissionDenied as error:
                return self.refuse(request, [str(error) or NOT_ALLOWED], status=403)
            except drafts.DraftError as error:
                return self.refuse(request, [fault.reason for fault in error.faults], status=409)
            except IntegrityError:
                return self.refuse(request, [NOT_STORED], status=409)
            except DamagedEditionError as damaged:
                return self.refuse(request, [damaged.detail], status=503, title="暂停提供")
            except OperationalError:
                # Most likely another writer held SQLite's lock for longer than the timeout.
                return self.refuse(request, [BUSY], status=503)

        return outer

    def get_urls(self):
        return [*imports.urls(self), *rule_forms.urls(self), *super().get_urls()]

    def autocomplete_view(self, request):
        return NamingAutocompleteView.as_view(admin_site=self)(request)

    def i18n_javascript(self, request, extra_context=None):
        packages = ["django.contrib.admin", "catalogue"]
        return JavaScriptCatalog.as_view(packages=packages)(request)

    def refuse(self, request: HttpRequest, reasons: list[str], *, status: int, title: str = "") -> TemplateResponse:
        title = title or ("不能进行这项操作" if status == 403 else "没有保存")
        context = self.each_context(request) | {"title": title, "reasons": reasons}
        return TemplateResponse(request, "desk/page.html", context, status=status).render()
