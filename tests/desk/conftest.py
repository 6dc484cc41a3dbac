"""The client of an editor, for the tests of the desk."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client


@pytest.fixture
def editor(client, act) -> Client:
    """A client logged in as ``wang``, an editor of every department and the proposer of ``make_proposal``."""
    act().user.groups.add(Group.objects.get(name="编辑"))
    client.force_login(act().user)
    return client
