"""Where Django looks for an app's registrations: all of ours are in ``catalogue.desk``."""

# ruff: noqa: F401 - a module registers its models when it is imported

from catalogue.desk import accounts, audit, feedback
from catalogue.desk.editions import admin as editions
from catalogue.desk.entries import admin as entries
from catalogue.desk.entries import unverified
from catalogue.desk.proposals import admin as proposals
from catalogue.desk.vocabularies import admin as vocabularies
from catalogue.desk.vocabularies import plan, synonyms
