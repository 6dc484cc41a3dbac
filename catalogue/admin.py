"""Imported by Django's admin autodiscovery; the registrations are in ``catalogue.desk``."""

# ruff: noqa: F401 - importing a module registers its models

from catalogue.desk import accounts, audit, feedback
from catalogue.desk.cases import admin as cases
from catalogue.desk.editions import admin as editions
from catalogue.desk.entries import admin as entries
from catalogue.desk.entries import unverified
from catalogue.desk.proposals import admin as proposals
from catalogue.desk.vocabularies import admin as vocabularies
from catalogue.desk.vocabularies import plan, sources, synonyms, topics
