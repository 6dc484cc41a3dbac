"""Looks up vocabulary terms by code, in memory."""

import datetime
from collections.abc import Mapping

from django.db import models

from services.models import Department, Domain, Region, Service, TargetGroup
from services.sources import Source
from services.text import document_numbers

# The columns of a source that identify it.
IDENTITY = ("title", "document_number", "date", "in_force_from")

# Brackets of document numbers, as people type them; title marks are left out.
_BRACKETS = str.maketrans("[【〔「]】〕」", "(((())))", "《》")


class UnknownCodeError(Exception):
    """The vocabulary has no term with this code."""


def source_identities() -> dict[str, str]:
    """Return what identifies each source, by its code: title, number and days, as one text. One query."""
    return {row["code"]: identity(row) for row in Source.objects.values("code", *IDENTITY)}


def identity(source: Mapping) -> str:
    """Return what identifies a source, given as a mapping of its columns or as a term of its file."""
    return "\n".join(str(source[name]) for name in IDENTITY if source.get(name) is not None)


def plain_name(text: str) -> str:
    """Normalise a name or document number (文号) for comparison: as numbers are, and whatever brackets stand in it."""
    return document_numbers.key(text).translate(_BRACKETS)


class Terms:
    """The terms of every vocabulary by code: a snapshot, created for each load. Each method raises UnknownCodeError."""

    def __init__(self):
        self._terms = {
            model: {term.code: term for term in model.objects.all()}
            for model in (Region, Domain, Department, TargetGroup, Source, Service)
        }

    @property
    def citable_from(self) -> dict[str, datetime.date]:
        """The first day on which each source may be cited, by its code."""
        return {code: source.citable_from for code, source in self._terms[Source].items()}

    def region(self, code: str) -> Region:
        return self.find(Region, code)

    def domain(self, code: str) -> Domain:
        return self.find(Domain, code)

    def department(self, code: str) -> Department:
        return self.find(Department, code)

    def target_group(self, code: str) -> TargetGroup:
        return self.find(TargetGroup, code)

    def source(self, code: str) -> Source:
        return self.find(Source, code)

    def service(self, code: str) -> Service:
        return self.find(Service, code)

    def all(self, model: type[models.Model]) -> Mapping[str, models.Model]:
        """Return the terms of a vocabulary by code."""
        return self._terms[model]

    def find(self, model: type[models.Model], code: str):
        try:
            return self._terms[model][code]
        except (KeyError, TypeError):
            raise UnknownCodeError(f"{model._meta.verbose_name}中没有代码“{code}”") from None
