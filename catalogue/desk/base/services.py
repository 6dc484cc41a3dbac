"""Services by name: a service has a code alone, and the name that its newest edition gives it."""

from django import forms
from django.db.models import OuterRef, Subquery

from catalogue.models import Entry
from services.models import Service


def newest_name(service: str) -> Subquery:
    """Return a subquery for the name of a service in its newest edition; ``service`` is the outer column of its key."""
    newest = Entry.objects.filter(service=OuterRef(service)).order_by("-edition__number")
    return Subquery(newest.values("name")[:1])


def named(code: str, name: str | None) -> str:
    """Return a service as a choice shows it: its name, and its code after it."""
    return f"{name}（{code}）" if name else code


class NamedServiceMixin:
    """For the fields in which services are chosen; the queryset is ``services_with_names()``."""

    def label_from_instance(self, service: Service) -> str:
        return named(service.code, service.newest_name)


class ServiceField(NamedServiceMixin, forms.ModelChoiceField):
    pass


class ServicesField(NamedServiceMixin, forms.ModelMultipleChoiceField):
    pass


def services_with_names():
    return Service.objects.annotate(newest_name=newest_name("pk"))
