"""Every change of public data changes the revision token, whatever makes the change."""

import pytest
from django.db import connection

from catalogue.models import Case, Edition, Event, RevisionToken
from services.models import Domain
from tests.support.entries import make_entry

CASE = {"circumstances": {"age": 65}, "expected": {"NM-05-01": "unknown"}, "because": {"NM-05-01": None}}
CASE_CHANGES = {
    "INSERT": (
        "INSERT INTO catalogue_case (edition_id, code, position, circumstances, expected, because) "
        "SELECT edition_id, 'another', position, circumstances, expected, because "
        "FROM catalogue_case WHERE edition_id = %s"
    ),
    "UPDATE": "UPDATE catalogue_case SET position = position + 1 WHERE edition_id = %s",
    "DELETE": "DELETE FROM catalogue_case WHERE edition_id = %s",
}


def test_a_publication_changes_the_token_and_a_draft_does_not(make_edition):
    before = RevisionToken.objects.current_token()
    draft = make_edition("draft", "2027-01-01", at=None)
    Edition.objects.filter(pk=draft.pk).update(title="另一个标题")
    unchanged = RevisionToken.objects.current_token()

    make_edition("published", "2027-01-01", entries=[make_entry()])

    assert unchanged == before
    assert RevisionToken.objects.current_token() != before


@pytest.mark.parametrize("statement", CASE_CHANGES.values(), ids=CASE_CHANGES)
def test_a_changed_case_changes_the_token_in_a_published_edition_only(make_edition, statement):
    draft = make_edition("draft", "2027-01-01", at=None)
    published = make_edition("published", "2027-01-01")
    Case.objects.bulk_create(Case(edition=edition, code="one", **CASE) for edition in (draft, published))
    before = RevisionToken.objects.current_token()

    with connection.cursor() as cursor:
        cursor.execute(statement, [draft.pk])
        draft_result = (cursor.rowcount, RevisionToken.objects.current_token())
        cursor.execute(statement, [published.pk])
        published_result = (cursor.rowcount, RevisionToken.objects.current_token())

    assert draft_result == (1, before)
    assert published_result[0] == 1
    assert published_result[1] != before


@pytest.mark.parametrize("published_first", [True, False])
def test_a_case_moved_out_of_or_into_a_published_edition_changes_the_token(make_edition, published_first):
    draft = make_edition("draft", "2027-01-01", at=None)
    published = make_edition("published", "2027-01-01")
    source, target = (published, draft) if published_first else (draft, published)
    case = Case.objects.create(edition=source, code="one", **CASE)
    before = RevisionToken.objects.current_token()

    Case.objects.filter(pk=case.pk).update(edition=target)

    assert RevisionToken.objects.current_token() != before


def test_pruning_leaves_one_token_and_the_next_change_still_shows(db):
    RevisionToken.objects.prune()
    before = RevisionToken.objects.current_token()
    Domain.objects.filter(code="NM-01").update(goal="另一个目标")

    assert before[0] == 1
    assert RevisionToken.objects.current_token() not in {before, (1, before[1])}


def test_the_work_of_editors_does_not_change_the_token(make_proposal):
    before, events = RevisionToken.objects.current_token(), Event.objects.count()

    make_proposal(to="approved")

    assert RevisionToken.objects.current_token() == before
    assert Event.objects.count() > events
