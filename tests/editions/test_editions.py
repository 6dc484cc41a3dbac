"""The edition in force on a day, as known at a moment, and the constraints of editions."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalogue.audit.log import AuditContext
from catalogue.models import Edition
from catalogue.workflow import publishing


def moment(day: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{day}T08:00:00+08:00")


@pytest.fixture
def editions(empty_catalogue, make_edition) -> None:
    make_edition("first", "2022-01-01", at=moment("2021-12-01"))
    make_edition("second", "2024-01-01", at=moment("2023-12-01"))
    make_edition("second-mended", "2024-01-01", at=moment("2024-03-01"))
    make_edition("draft", "2025-01-01", at=None)


@pytest.mark.parametrize(
    ("on", "known_at", "slug"),
    [
        ("2021-12-31", None, None),  # published, but nothing in force yet
        ("2022-01-01", None, "first"),  # in force from its first day
        ("2023-12-31", None, "first"),  # to the day before the next edition's first day
        ("2024-01-01", None, "second-mended"),  # of two with the same day, the one published last
        ("2030-01-01", None, "second-mended"),  # the edition of 2025 is a draft
        ("2024-01-01", "2024-02-29", "second"),  # the mended edition was not published yet
        ("2024-01-01", "2023-11-30", "first"),  # neither was the second
        ("2024-01-01", "2021-11-30", None),  # no edition was published
        ("2024-01-01", "2024-03-01", "second-mended"),  # known from the moment of its publication
    ],
)
def test_the_edition_in_force(editions, on, known_at, slug):
    edition = Edition.objects.in_force(datetime.date.fromisoformat(on), known_at=known_at and moment(known_at)).first()

    assert (edition and edition.slug) == slug


def test_of_two_with_the_same_day_the_one_published_last_is_in_force(empty_catalogue, make_edition):
    numbered_first = make_edition("a", "2024-01-01", at=None)
    Edition.objects.filter(pk=numbered_first.pk).update(
        previous=make_edition("b", "2024-01-01", at=moment("2024-02-01"))
    )
    publishing.publish(numbered_first, context=AuditContext(at=moment("2024-03-01")), from_fixtures=True)

    assert Edition.objects.in_force(datetime.date(2024, 1, 1)).get().slug == "a"


def test_the_committed_editions_follow_each_other(db):
    editions = Edition.objects.order_by("number").values_list("number", "slug", "effective_from", "previous__slug")

    assert list(editions) == [
        (1, "2021", datetime.date(2021, 11, 5), None),
        (2, "2023", datetime.date(2023, 12, 25), "2021"),
        (3, "2026", datetime.date(2026, 11, 1), "2023"),
    ]


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_the_note_of_an_edition_states_its_limits(db, slug):
    edition = Edition.objects.get(slug=slug)

    assert edition.entries.count() == 81
    for phrase in ("汇编", "未经", "背书", "未核实", "未知"):
        assert phrase in edition.note


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": 3},  # the 2026 edition's
        {"slug": "Draft"},
        {"digest": "0" * 64},  # without a time
        {"digest": None, "published_at": moment("2026-11-01")},
        {"digest": "xyz", "published_at": moment("2026-11-01")},
    ],
)
def test_the_database_refuses_an_impossible_edition(make_edition, change):
    draft = make_edition("draft", at=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=draft.pk).update(**change)


def test_the_database_refuses_a_service_twice_in_an_edition(make_edition):
    entry = make_edition("draft", at=None).entries.get()
    entry.pk, entry.number = None, 2

    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()


@pytest.mark.parametrize("number", [0, -1])
def test_the_database_refuses_a_number_below_one(make_edition, number):
    entries = make_edition("draft", at=None).entries

    with pytest.raises(IntegrityError), transaction.atomic():
        entries.update(number=number)


def test_an_edition_does_not_come_into_force_before_the_one_it_follows(make_edition):
    with pytest.raises(ValidationError, match="不能早于上一版本"):
        make_edition("early", "2026-10-31", at=None)
