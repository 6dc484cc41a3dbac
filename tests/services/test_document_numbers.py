"""Document numbers in one form, and compared."""

import pytest

from services.text import document_numbers

NUMBER = "内民政发〔2026〕18号"


@pytest.mark.parametrize(
    "written",
    [
        NUMBER,
        "内民政发[2026]18号",
        "内民政发（2026）18号",
        "内民政发(2026) 18 号",
        "内民政发【2026】18号",
        "内民政发［2026］18号",
        "内民政发「2026」18号",
        "内民政发〔２０２６〕１８号",
        " 内民政发 〔2026〕18",
        "内民政发〔2026年〕018号",
    ],
)
def test_a_number_is_brought_into_the_official_form(written):
    assert document_numbers.normal(written) == NUMBER


@pytest.mark.parametrize("number", ["国务院令第713号", "GB/T 43153—2023", "主席令第二十四号", "2026年公告"])
def test_another_kind_of_number_stays_as_it_is(number):
    assert document_numbers.normal(f" {number} ") == number


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (NUMBER, "内民政发［2026］第18号", True),
        (NUMBER, "內民政發(2026)18號", True),
        ("GB/T 43153", "ｇｂ/t43153", True),
        (NUMBER, "内民政发〔2026〕19号", False),
        (NUMBER, "内民政办发〔2026〕18号", False),
        (NUMBER, "内民政发〔2025〕18号", False),
    ],
)
def test_numbers_are_the_same_however_they_are_written(one, other, same):
    assert (document_numbers.key(one) == document_numbers.key(other)) == same
