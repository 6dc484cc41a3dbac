from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin with ``DeskSite`` as its site."""

    default_site = "catalogue.desk.base.site.DeskSite"
