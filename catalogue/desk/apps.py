from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """The editors' admin: Django's own, with our start page and our words."""

    default_site = "catalogue.desk.base.site.DeskSite"
