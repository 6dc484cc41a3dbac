"""The form of a fiscal assessment on the desk, and how an assessment is shown."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.models import Attachment, Proposal
from catalogue.workflow import proposals
from tests.conftest import make_user
from tests.support.admin_forms import visible_text
from tests.support.entries import ASSESSMENT_LINE, assessment_form, make_citation, standard_change

pytestmark = pytest.mark.usefixtures("short_list")


def address(proposal: Proposal, view: str = "assess") -> str:
    return reverse(f"admin:catalogue_proposal_{view}", args=[proposal.pk])


@pytest.fixture
def assessor(client, db):
    client.force_login(make_user("sun", "评估"))
    return client


def assess(client, proposal: Proposal, *lines: dict, **changes: object):
    seen = client.get(address(proposal)).context["seen"]
    return client.post(address(proposal), assessment_form(*lines, seen=seen, **changes))


def test_urban_and_rural_are_two_lines_of_one_assessment(assessor, make_proposal):
    proposal = make_proposal(to="assessing")

    response = assess(
        assessor, proposal, {"label": "城市", "beneficiaries": 1000}, {"label": "农村牧区", "old_standard": "1500"}
    )

    assert response["Location"] == address(proposal, "change")
    shown = visible_text(assessor.get(address(proposal, "change")))
    assert "已评估：可以承受，共 1.78亿元（178,352,640.00元），比原来增加 3,505.46万元（35,054,640.00元）" in shown
    assert "农村牧区" in shown and "1,000" in shown


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"share_centre": "28.33"}, "现在合计 95.00%，还差 5.00%"),
        ({"share_banner": "5"}, "现在合计 105.00%，超出 5.00%"),
        ({"new_standard": "-1"}, "大于或等于"),
        ({"beneficiaries": "NaN"}, "整数"),
        ({"old_standard": "Infinity"}, "数字"),
        ({"period": "week"}, "week"),
        ({"beneficiaries": "99999999999999999999"}, "小于或等于"),
        ({"label": ""}, "必填项"),
    ],
)
def test_invalid_figures_are_refused_with_a_message(assessor, make_proposal, typed, expected):
    proposal = make_proposal(to="assessing")

    refused = assess(assessor, proposal, typed)

    assert refused.status_code == 422
    assert expected in visible_text(refused)
    assert Proposal.objects.get().state == "assessing"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (assessment_form({}, {}), "同一范围只写一行：全区"),
        (assessment_form() | {"lines-0-DELETE": "on"}, "请至少写一行"),
        (assessment_form() | {"lines-TOTAL_FORMS": "x"}, "请至少写一行"),
        (assessment_form() | {"conclusion": "maybe"}, "maybe"),
    ],
)
def test_invalid_assessments_are_refused_with_a_message(assessor, make_proposal, data, expected):
    proposal = make_proposal(to="assessing")

    refused = assessor.post(address(proposal), data | {"seen": assessor.get(address(proposal)).context["seen"]})

    assert refused.status_code == 422
    assert expected in visible_text(refused)


def test_a_line_that_is_taken_away_does_not_count(assessor, make_proposal):
    proposal = make_proposal(to="assessing")

    assess(assessor, proposal, {"label": "城市"}, {"label": "农村牧区"}, **{"lines-1-DELETE": "on"})

    assert [line.label for line in Proposal.objects.get().assessment.lines.all()] == ["城市"]


def test_the_form_begins_with_the_figures_of_the_proposal(assessor, make_proposal):
    """And shows the standards that it changes as text, where there are none."""
    quote = "集中供养孤儿每人每月2300元"
    amount = {
        "label": "集中供养", "kind": "payment", "value": "2300", "unit": "元", "currency": "CNY", "period": "month",
        "per": "person", "of_whom": None, "place": None, "valid_from": None, "valid_until": None, "as_of": None,
    }  # fmt: skip
    clause = {key: make_citation("standard", source="seed-daily", quote=quote, locator="第1条")[key] for key in CLAUSE}
    proposal = make_proposal(standard_change(amounts=[amount | {"citation": clause}]), to="assessing")

    page = assessor.get(address(proposal))

    line = page.context["lines"].forms[0]
    shown = {name: str(line[name].value()) for name in ("label", "old_standard", "new_standard", "periods", "period")}
    assert shown == {
        "label": "集中供养", "old_standard": "0", "new_standard": "2300", "periods": "12", "period": "month",
    }  # fmt: skip
    assert "孤儿集中供养每人每月2300元" in visible_text(page)


def test_further_lines_are_folded_and_made_from_a_template(assessor, make_proposal):
    proposal = make_proposal(to="assessing")
    blank = assessor.get(address(proposal)).content.decode()
    refused = assessor.post(address(proposal), {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0"}).content.decode()

    assert (
        blank.count('<summary>＋ 再加一行</summary>\n<fieldset class="module aligned desk-line" id="row-lines-1"') == 1
    )
    assert (
        '<template id="lines-template">\n<fieldset class="module aligned desk-line" id="row-lines-__prefix__"' in blank
    )
    # Neither the only line nor the blank one can be taken away.
    assert blank.count("去掉这一行") == 2 and refused.count("去掉这一行") == 1


CLAUSE = ("source", "locator", "quote", "verification", "jurisdiction")


def test_nothing_is_blank_after_a_refusal_and_a_second_submission(assessor, make_proposal, act):
    proposal = make_proposal(to="assessing")
    file = SimpleUploadedFile("报告.pdf", b"%PDF-1.7 figures")
    assess(assessor, proposal, {"label": "城市"}, {"label": "农村牧区"}, opinion="已核对", attachments=file)
    proposals.decline(proposal, context=act("zhao", "请补充依据"))
    entries = list(proposal.entries.values("service", "action", "entry_data", "successors"))
    proposals.amend(proposal, entries=entries, context=act())
    proposals.submit(proposal, context=act())

    page = assessor.get(address(proposal))

    first, second = [row for row in page.context["lines"].forms if row["label"].value()]
    assert (first["label"].value(), second["label"].value()) == ("城市", "农村牧区")
    assert (first["beneficiaries"].value(), first["share_league"].value()) == (6741, "33.34")
    assert (page.context["form"]["opinion"].value(), page.context["form"]["conclusion"].value()) == (
        "已核对", "affordable",
    )  # fmt: skip
    kept = [file.token for file in page.context["files"]]
    data = assessment_form({"label": "城市"}, seen=page.context["seen"], kept=kept)
    assert assessor.post(address(proposal), data).status_code == 302
    assert [row.name for row in Proposal.objects.get().assessment.attachments.all()] == ["报告.pdf"]


def test_several_attachments_are_stored_once_and_returned_unchanged(assessor, make_proposal):
    for _ in range(2):
        proposal = make_proposal(to="assessing")
        files = [SimpleUploadedFile("报告.html", b"<script>1</script>"), SimpleUploadedFile("测算.xlsx", b"PK figures")]
        assess(assessor, proposal, attachments=files)

    proposal.refresh_from_db()
    digests = [row.digest for row in proposal.assessment.attachments.all()]
    response = assessor.get(address(proposal, "attachment"), {"digest": digests[0]})

    assert response.content == b"<script>1</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert Attachment.objects.count() == 2
    shown = visible_text(assessor.get(address(proposal, "change"))).partition("经过")[0]
    assert "报告.html" in shown and "测算.xlsx" in shown
    assert digests[0] not in shown
    assert assessor.get(address(proposal, "attachment")).status_code == 404


def test_an_attachment_over_the_limit_is_refused(assessor, make_proposal):
    proposal = make_proposal(to="assessing")
    files = [SimpleUploadedFile("报告.pdf", b"0" * (10 * 1024 * 1024 + 1))]

    refused = assess(assessor, proposal, attachments=files)

    assert refused.status_code == 422
    assert "不能超过 10 MB" in visible_text(refused)
    assert not Attachment.objects.exists()


def test_more_attachments_than_ten_are_refused_and_shown_to_be_taken_away(assessor, make_proposal):
    proposal = make_proposal(to="assessing")
    files = [SimpleUploadedFile(f"附件{number}.txt", f"{number}".encode()) for number in range(11)]

    refused = assess(assessor, proposal, attachments=files)

    assert refused.status_code == 422 and "附件至多 10 个，现在有 11 个" in visible_text(refused)
    assert len(refused.context["files"]) == 11
    assert Proposal.objects.get().state == "assessing"


def test_attachments_survive_an_error_of_another_box_and_leaving_the_page(assessor, make_proposal):
    proposal = make_proposal(to="assessing")
    files = [SimpleUploadedFile(name, name.encode()) for name in ("报告.pdf", "测算.xlsx")]

    refused = assess(assessor, proposal, {"share_centre": "95"}, attachments=files)

    assert refused.status_code == 422
    assert "报告.pdf" in visible_text(refused)
    again = assessor.get(address(proposal))
    assert "测算.xlsx" in visible_text(again)
    report, _ = again.context["files"]
    # The second one was unticked.
    kept = {"kept": report.token, "typed": again.context["typed"].revision, "seen": again.context["seen"]}
    assert assessor.post(address(proposal), assessment_form(**kept)).status_code == 302
    proposal.refresh_from_db()
    assert [row.name for row in proposal.assessment.attachments.all()] == ["报告.pdf"]
    assert not proposal.inputs.exists()


def test_a_line_of_a_lowered_standard_is_shown_as_less(assessor, make_proposal):
    proposal = make_proposal(to="assessing")

    assess(assessor, proposal, ASSESSMENT_LINE | {"old_standard": "2000"})

    assert "减少 647.14万元（6,471,360.00元）" in visible_text(assessor.get(address(proposal, "change")))
