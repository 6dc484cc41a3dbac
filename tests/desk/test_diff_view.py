"""The diff view: which parts of a text are marked as removed and added, and which rows differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.desk.proposals.diff_view import GONE, NEW, Part, diff_documents, marked, parts
from catalogue.editions.document import entry_document
from catalogue.models import Edition, Entry
from catalogue.workflow.wording import value_text

TEXTS = st.text(alphabet="每人月元0123456789，。养老ab \n", max_size=60)


def in_brackets(before: str, after: str) -> str:
    """Return both sides of a diff on one line: [removed] and {added}."""
    brackets = {"same": "{}", "gone": "[{}]", "new": "{{{}}}"}
    return " / ".join("".join(brackets[part.kind].format(part.text) for part in side) for side in parts(before, after))


@pytest.mark.parametrize(
    ("before", "after", "read"),
    [
        ("每人每月840元", "每人每月860元", "每人每月[840]元 / 每人每月{860}元"),  # a number is one token
        ("城乡居民", "城乡老年居民", "城乡居民 / 城乡{老年}居民"),
        ("免费，每年一次", "免费", "免费[，每年一次] / 免费"),
        ("甲乙丙丁", "子乙丑丁", "[甲乙丙]丁 / {子乙丑}丁"),  # one equal character between changes is merged with them
        ("未知", "免费", "[未知] / {免费}"),  # 未知 is not compared with a text by character
        ("免费", "未知", "[免费] / {未知}"),
        ("同样", "同样", "同样 / 同样"),
        ("", "新", " / {新}"),
        ("1.5倍", "1.25倍", "[1.5]倍 / {1.25}倍"),
    ],
)
def test_changed_parts_are_marked(before, after, read):
    assert in_brackets(before, after) == read


def test_the_marked_text_is_escaped_and_keeps_its_lines():
    html = marked([Part(GONE, "<b>甲"), Part(NEW, "乙&\n丙")])

    assert "<del>" in html and "<ins>" in html
    assert "&lt;b&gt;甲<" in html and "乙&amp;<br>丙<" in html


@given(TEXTS, TEXTS)
def test_the_parts_add_up_to_both_texts(before, after):
    left, right = parts(before, after)

    assert "".join(part.text for part in left) == before
    assert "".join(part.text for part in right) == after
    assert [p.text for p in left if p.kind == "same"] == [p.text for p in right if p.kind == "same"]
    assert {part.kind for part in left} <= {"same", "gone"} and {part.kind for part in right} <= {"same", "new"}


def test_long_texts_are_not_compared_by_character():
    left, right = parts("甲乙" * 3000, "乙甲" * 3000)

    assert [part.kind for part in left + right] == ["gone", "new"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, "未知"),
        ([], "未知"),
        ({"code": "finance", "name": "财政厅"}, "财政厅"),
        ([{"code": "a", "title": "甲法"}, {"code": "b", "title": "乙法"}], "甲法、乙法"),
        (47, "47"),
    ],
)
def test_values_are_shown_by_their_names(value, read):
    assert value_text(value) == read


def test_a_document_has_no_differences_from_itself(db):
    for document in Edition.objects.get(slug="2026").documents():
        assert diff_documents(document, document) == []


@pytest.mark.parametrize("code", ["NM-01-07", "NM-05-01"])
def test_each_difference_of_two_editions_is_shown_once(db, code):
    before, after = (
        entry_document(Entry.objects.with_details().get(edition__slug=slug, service__code=code))
        for slug in ("2023", "2026")
    )

    rows = diff_documents(before, after)

    differing = {
        column for columns in Entry.SOURCED_FIELDS.values() for column in columns if before[column] != after[column]
    }
    labels = {str(Entry._meta.get_field(column).verbose_name) for column in differing}
    words = [row.field_label for row in rows]
    assert len(words) == len(set(words))
    assert labels <= set(words) | {"服务对象（词表）"}
    added = [citation for citation in after["citations"] if citation not in before["citations"]]
    assert sum(len(row.citations) for row in rows) == len(added)


def test_an_added_or_removed_service_differs_in_every_part(db):
    document = Edition.objects.get(slug="2026").documents()[0]

    added, removed = diff_documents(None, document), diff_documents(document, None)

    assert {part.kind for row in added for part in row.after} == {"new"}
    assert {part.kind for row in removed for part in row.before} == {"gone"}
