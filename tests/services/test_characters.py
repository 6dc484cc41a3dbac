"""Characters that cannot be seen, and radicals: in search, comparison with quotes, and text fields."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError

from services import search
from services.fields import Line, Text
from services.text import characters, quotes
from services.values import clauses

# One of each kind that Unicode ignores.
IGNORABLE = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u200b\u200c\u200d\u200e\u202a\u202e\u2060\u2065\u2066",
    *"\u206f\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\U0001bca0\U0001d173\U000e0001\U000e0100\U000e0fff",
]


@pytest.mark.parametrize("hidden", IGNORABLE, ids=ascii)
def test_what_cannot_be_seen_neither_splits_a_word_nor_counts(hidden):
    assert search.fold(f"养{hidden}老金") == search.fold_compact(f"养{hidden}老金").text == "养老金"
    assert search.split_query(f"pen{hidden}sion") == ["pension"]
    assert quotes.fold(f"养{hidden}老金") == "养老金"
    assert characters.is_blank(f" {hidden}\u3000\u2800\n\t{hidden}")
    assert not characters.is_blank(f"甲{hidden}")
    assert characters.without_hidden(f"甲{hidden}乙") == "甲乙"
    assert not clauses.is_text(f"甲{hidden}乙")
    for field in (Text("名称"), Line("名称", max_length=9)):
        with pytest.raises(ValidationError, match=f"{ord(hidden):04X}"):
            field.run_validators(f"甲{hidden}乙")


def test_the_form_of_a_mongolian_letter_may_be_chosen():
    text = "ᠠ\u180bᠨ\u180e\u180cᠠ"

    assert characters.without_hidden(text) == text
    assert Text("名称").run_validators(text) is None
    assert characters.without_hidden("甲\u180b乙\u180e") == "甲乙"


@pytest.mark.parametrize("text", ["", " ", "\u2800", "\u0007\u0085", "\u3164"])
def test_nothing_to_be_seen_is_blank(text):
    assert characters.is_blank(text)


@pytest.mark.parametrize("text", ["甲", ".", "👨\u200d👩", "\ue000", "\u0301", "ᠠ"])
def test_what_can_be_seen_is_not_blank(text):
    assert not characters.is_blank(text)


def test_every_radical_has_its_character():
    supplement = [chr(code) for code in range(0x2E81, 0x2EF4) if code != 0x2E9A]  # 2E9A is not assigned

    assert characters.fold_radicals("⺠政⻘年⽼⻓⻔⻢⻰") == "民政青年老长门马龙"
    for radical in [*supplement, *map(chr, range(0x2F00, 0x2FD6))]:
        assert unicodedata.name(characters.fold_radicals(radical)).startswith("CJK UNIFIED IDEOGRAPH")
    # The two that NFKC knows agree with it.
    assert [characters.RADICALS[radical] for radical in "⺟⻳"] == [unicodedata.normalize("NFKC", it) for it in "⺟⻳"]
    assert search.fold("⺠政、⻘年、⽼年") == "民政 青年 老年"
    assert quotes.fold("⺠政") == "民政"
    assert Line("名称", max_length=9).formfield().clean("⺠政") == "民政"
    assert Text("名称").formfield().clean("⺠政") == "民政"
