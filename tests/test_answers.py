"""What is remembered in front of Django: the very answers Django gives, made once, and none that is no longer so."""

import datetime
import gzip
import os
from urllib.parse import urlencode

import brotli
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue import answers, coding
from catalogue.answers import Answers
from catalogue.models import Edition
from services.models import Department, Meaning, Service, Source, Synonym
from tests.asking import ask
from tests.stating import state

RUNS = int(os.environ.get("ANSWERS_RUNS", "150"))
MIB = 1024 * 1024
LIST = "/api/v1/services/"
DETAIL = f"{LIST}NM-05-01/"
# Every sort of address whose answer lasts.
LASTING = [
    "/api/v1/",
    LIST,
    DETAIL,
    f"{DETAIL}history/",
    f"{LIST}?q=低保",
    f"{LIST}?facets=true",
    f"{LIST}?edition=2021&page_size=10&page=2",
    "/api/v1/editions/",
    "/api/v1/editions/2023/",
    "/api/v1/editions/2023/content/",
    "/api/v1/editions/2023/changes/",
    "/api/v1/changes/",
    "/api/v1/domains/",
    "/api/v1/departments/finance/",
    "/api/v1/target-groups/",
    "/api/v1/sources/",
    "/api/v1/indicators/IND-03/",
    "/api/v1/projects/",
    "/api/v1/facts/",
    "/api/v1/hsds/services",
    "/api/v1/schema/",
    "/api/v1/context.jsonld",
    "/services/NM-05-01/",
    "/services/NM-05-01.md",
    "/llms.txt",
]
# What Django sends in pieces.
FILES = ["/api/v1/services.csv", "/api/v1/services.ndjson", "/api/v1/services/NM-05-01.ttl", f"{LIST}?fields=code,name"]
# What is asked of Django each time.
PASSED_ON = [
    "/healthz",
    "/readyz",
    "/admin/login/",
    "/favicon.ico",
    "/id/services/NM-05-01",
    "/static/site/site.css",
    "/api/v1/services",
    "/api/v1/feedback/0000000000000000/",
    "/nowhere",
]
# What differs each time, and Set-Cookie that the login page's form brings with it.
EACH_TIME = {"x-request-id", "date", "set-cookie", "expires"}


@pytest.fixture
def remembering(django_counted) -> Answers:
    """Answers that look at the database with every request."""
    return Answers(django_counted, limit=64 * MIB, believed=0)


@pytest.fixture
def believing(django_counted) -> Answers:
    """Answers that look at the database once, and not again while a test runs."""
    return Answers(django_counted, limit=64 * MIB, believed=3600)


def same(one, other) -> bool:
    kept = [{name: value for name, value in told.headers.items() if name not in EACH_TIME} for told in (one, other)]
    return (one.status, one.body, kept[0]) == (other.status, other.body, kept[1])


@pytest.mark.parametrize("address", LASTING)
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"method": "HEAD"},
        {"accept_encoding": "gzip"},
        {"accept_encoding": "gzip, deflate, br, zstd"},
        {"accept_encoding": "zstd, br;q=0.5"},
        {"if_none_match": "*"},
    ],
    ids=str,
)
def test_it_is_what_django_answers_and_django_is_asked_once(django_counted, believing, address, said):
    direct = ask(django_counted.application, address, **said)
    ask(believing, address)
    first, again = ask(believing, address, **said), ask(believing, address, **said)

    assert same(direct, first)
    assert same(first, again)
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert django_counted.asked == 1
    assert direct.status == (304 if "if_none_match" in said else 200)


@pytest.mark.parametrize("address", FILES)
def test_a_file_that_django_sends_in_pieces_is_remembered_whole(django_counted, believing, address):
    accept = "text/csv" if "?" in address else "*/*"
    direct = ask(django_counted.application, address, accept=accept)

    for name in ("identity", "br", "gzip"):
        told = ask(believing, address, accept=accept, accept_encoding=name)
        assert told.headers["content-length"] == str(len(told.body))
        assert told.headers["etag"] == coding.tagged(direct.headers["etag"], name)
        assert {"identity": bytes, "br": brotli.decompress, "gzip": gzip.decompress}[name](told.body) == direct.body
    of_bytes = {"content-length", "etag", "content-encoding"} | EACH_TIME
    assert {*told.headers} - of_bytes == {*direct.headers} - of_bytes
    assert django_counted.asked == 1


def test_what_is_remembered_asks_no_database(django_counted, believing, django_assert_num_queries):
    for address in LASTING:
        ask(believing, address)

    with django_assert_num_queries(0):
        for address in LASTING:
            assert ask(believing, address).status == 200
    assert django_counted.asked == len(LASTING)


@pytest.mark.parametrize("address", PASSED_ON)
def test_whatever_else_is_passed_on_as_it_came(django_counted, believing, address):
    direct = ask(django_counted.application, address, accept_encoding="gzip", if_none_match="*")

    for _ in range(2):
        told = ask(believing, address, accept_encoding="gzip", if_none_match="*")
        assert told.status == direct.status
        assert set(told.headers) == set(direct.headers)
    assert (django_counted.asked, len(believing)) == (2, 0)


def test_what_the_desk_is_asked_is_left_as_it_is(django_counted, believing):
    ask(believing, "/admin/catalogue/entry/?q=ABC&domain=NM-05&domain=NM-01&page=02")

    assert django_counted.queries == ["q=ABC&domain=NM-05&domain=NM-01&page=02"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{LIST}?nonsense=1", 400),
        (f"{LIST}?domain=NM-99", 400),
        (f"{LIST}?page=9", 404),
        (f"{LIST}?edition=2099", 400),
        (f"{LIST}?valid_on=1999-01-01", 404),
        (f"{LIST}?q=", 400),
        (f"{LIST}?q=%00", 400),
        (f"{LIST}NM-99-99/", 404),
        ("/services/NM-99-99/", 404),
        ("/api/v1/services.csv?facets=true", 400),
    ],
)
def test_an_error_is_never_kept(django_counted, believing, address, status):
    direct = ask(django_counted.application, address)

    for _ in range(2):
        told = ask(believing, address)
        assert same(told, direct)
        assert told.status == status
    assert (django_counted.asked, len(believing)) == (2, 0)


def test_a_form_that_there_is_not_is_refused_each_time_while_the_others_are_kept(django_counted, believing):
    ask(believing, LIST)

    for _ in range(2):
        assert ask(believing, LIST, accept="image/png").status == 406
    assert ask(believing, LIST, accept="image/png, */*;q=0.1").status == 200
    assert len(believing) == 1


@pytest.mark.parametrize(
    "address",
    [
        f"{LIST}?verification=verbatim&domain=NM-01&domain=NM-05",
        f"{LIST}?domain=NM-05,NM-01&verification=verbatim",
        f"{LIST}?domain=NM-05%2CNM-01,NM-05&verification=verbatim",
        f"{LIST}?domain=+NM-05+,NM-01&%76erification=verbatim",
        "/%61pi/v1/services/?domain=NM-01,NM-05&verification=verbatim",
    ],
)
def test_one_question_has_one_answer_however_it_is_put(django_counted, believing, address):
    first = ask(believing, f"{LIST}?domain=NM-01,NM-05&verification=verbatim")

    assert same(ask(believing, address), first)
    assert (django_counted.asked, len(believing)) == (1, 1)


@pytest.mark.parametrize(
    "said",
    [
        {"accept": "*/*"},
        {"accept": "text/html, Application/JSON;q=0.9"},
        {"accept_language": "zh-CN,zh;q=0.9"},
        {"accept_language": "mn, zh-cn;q=0.1"},
        {"accept_encoding": "identity"},
        {"accept_encoding": "compress, br;q=0"},
        {"host": "TestServer"},
        {"user_agent": "somebody", "cookie": "sessionid=1", "x_forwarded_for": "10.0.0.1"},
        {"x_forwarded_proto": "https"},
    ],
    ids=str,
)
def test_what_decides_nothing_makes_no_second_answer(django_counted, believing, said):
    first = ask(believing, DETAIL)

    assert same(ask(believing, DETAIL, **said), first)
    assert (django_counted.asked, len(believing)) == (1, 1)


@pytest.mark.parametrize(("one", "other"), [("養老", "养老"), ("ＹＡＮＧＬＡＯ", "yanglao"), ("  低保 ", "低保")])
def test_what_folds_alike_is_one_search(django_counted, believing, one, other):
    assert same(ask(believing, f"{LIST}?{urlencode({'q': one})}"), ask(believing, f"{LIST}?{urlencode({'q': other})}"))
    assert (django_counted.asked, len(believing)) == (1, 1)


@pytest.mark.parametrize(
    "said",
    [{"accept_language": "en"}, {"accept_language": "zh-TW"}, {"host": "localhost"}],
    ids=str,
)
def test_what_decides_makes_an_answer_of_its_own(django_counted, believing, said):
    first, other = ask(believing, LIST), ask(believing, LIST, **said)

    assert first.body != other.body
    assert same(ask(django_counted.application, LIST, **said), other)
    assert (django_counted.asked, len(believing)) == (2, 2)


def test_a_language_in_the_address_makes_that_of_the_header_indifferent(django_counted, believing):
    told = [ask(believing, f"{LIST}?lang=en", accept_language=each) for each in ("en", "zh-TW", "")]

    assert same(*told[:2])
    assert same(*told[1:])
    assert len(believing) == 1


@pytest.mark.parametrize("host", ["elsewhere.example", "", "a b"])
def test_a_host_that_is_not_ours_is_refused_each_time(django_counted, believing, host):
    ask(believing, LIST)

    for _ in range(2):
        assert ask(believing, LIST, host=host).status == 400
    assert len(believing) == 1


@pytest.mark.parametrize(
    "said",
    [{"if_match": '"other"'}, {"if_match": "*"}, {"if_modified_since": "Mon, 23 Nov 2026 00:00:00 GMT"}],
    ids=str,
)
def test_other_conditions_are_judged_by_django(django_counted, believing, said):
    ask(believing, LIST)

    assert same(ask(believing, LIST, **said), ask(django_counted.application, LIST, **said))
    assert django_counted.asked == 2


@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}', 'W/"a,b",W/{}', "*", " * "])
def test_a_client_that_has_it_already_is_told_so_in_its_own_coding(believing, wrap):
    tag = ask(believing, LIST, accept_encoding="br").headers["etag"]

    told = ask(believing, LIST, accept_encoding="br", if_none_match=wrap.format(tag))

    assert (told.status, told.body, told.headers["etag"]) == (304, b"", tag)
    assert not {"content-type", "content-length", "content-encoding"} & set(told.headers)
    other = ask(believing, LIST, accept_encoding="gzip", if_none_match=tag)
    assert (other.status, other.headers["content-encoding"]) == (200, "gzip")


def test_head_has_the_headers_of_get_and_no_body(believing):
    got, head = ask(believing, LIST), ask(believing, LIST, method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


def test_posting_is_never_remembered(django_counted, believing):
    for _ in range(2):
        ask(believing, LIST, method="POST")

    assert (django_counted.asked, len(believing)) == (2, 0)


def test_without_memory_everything_is_passed_on(django_counted):
    forgetful = Answers(django_counted, limit=0)

    assert ask(forgetful, LIST, accept_encoding="br").headers["content-encoding"] == "br"
    assert (django_counted.asked, len(forgetful)) == (1, 0)


# What changes what readers are told, and an address where it shows at once.


def rename_department():
    Department.objects.filter(code="finance").update(name="新的名称")


def add_synonym():
    word = Synonym.objects.create(word="麒麟饭", source=Source.objects.get(code="editors"), verification="unverified")
    Meaning.objects.create(synonym=word, service=Service.objects.get(code="NM-07-04"))


@pytest.mark.parametrize(
    ("change", "address"),
    [(rename_department, "/api/v1/departments/finance/"), (add_synonym, f"{LIST}?{urlencode({'q': '麒麟饭'})}")],
)
def test_a_change_of_the_vocabularies_shows_at_the_next_look(remembering, change, address):
    before = ask(remembering, address)
    change()

    assert ask(remembering, address).body != before.body


def test_a_publication_shows_at_the_next_look(remembering, make_edition):
    addresses = [LIST, "/api/v1/", "/api/v1/editions/", "/api/v1/domains/", f"{LIST}?valid_on=2030-01-01", "/llms.txt"]
    before = [ask(remembering, address) for address in addresses]
    kept = ask(remembering, f"{LIST}?edition=2026")

    make_edition("2026-2", "2026-11-10", entries=[state()])

    for address, told in zip(addresses, before, strict=True):
        assert ask(remembering, address).body != told.body
    assert same(ask(remembering, f"{LIST}?edition=2026"), kept)


def test_a_draft_changes_nothing_that_is_remembered(django_counted, remembering, make_edition):
    ask(remembering, LIST)
    make_edition("draft", "2027-01-01", at=None)
    ask(remembering, LIST)

    assert django_counted.asked == 1


def test_what_was_seen_is_believed_for_less_than_a_second():
    assert answers.BELIEVED < 1


def test_midnight_needs_no_look_at_the_database(
    django_counted, believing, make_edition, monkeypatch, django_assert_num_queries
):
    make_edition("tomorrow", "2026-11-24", entries=[state()])
    clock = [datetime.datetime.fromisoformat("2026-11-23T23:59:59.9+08:00")]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    monkeypatch.setattr("catalogue.answers.time.time", lambda: clock[0].timestamp())
    today = ask(believing, LIST)
    assert same(ask(believing, LIST), today)

    clock[0] += datetime.timedelta(seconds=0.2)
    tomorrow = ask(believing, LIST)

    assert b'"slug":"2026"' in today.body
    assert b'"slug":"tomorrow"' in tomorrow.body
    assert django_counted.asked == 2


def test_a_lost_database_leaves_what_is_remembered(django_counted, remembering):
    def lost(*_):
        raise OperationalError("gone")

    before = ask(remembering, LIST)
    with connection.execute_wrapper(lost):
        assert same(ask(remembering, LIST), before)
        assert ask(remembering, DETAIL).status == 503
        assert ask(remembering, "/healthz").status == 200


@pytest.mark.parametrize(("on", "slug"), [("2021-11-04", None), ("2021-11-05", "2021"), ("2026-11-01", "2026")])
def test_what_is_in_force_is_found_as_the_database_finds_it(db, on, slug):
    day = datetime.date.fromisoformat(on)
    edition = Edition.objects.in_force(day).first()

    found = answers.watching.look().in_force(day)

    assert (edition and edition.slug) == slug
    assert (found and found.pk) == (edition and edition.pk)


def test_of_several_editions_from_the_same_day_the_one_published_last_is_in_force(make_edition):
    day = datetime.date(2026, 11, 2)
    for number in range(3):
        make_edition(f"again-{number}", str(day), at=timezone.now() + datetime.timedelta(hours=number))

    assert answers.watching.look().in_force(day).pk == Edition.objects.in_force(day).get().pk


# Random questions, put in random ways.

PARAMETERS = {
    "domain": ["NM-01", "NM-05,NM-07", "NM-99", " NM-05 ", ","],
    "target_group": ["older-65-plus", "nobody"],
    "lead_department": ["civil-affairs", "health-commission,finance"],
    "verification": ["verbatim", "secondary,unverified"],
    "q": ["养老", "養老", "低保", "ylbx", "怎么领补贴", "Health", "  ", "%", "NM-05-01", "\0"],
    "number": ["47", "047", "0"],
    "edition": ["2021", "2023", "3", "2099"],
    "valid_on": ["2022-06-01", "2030-01-01", "1999-01-01", "gestern"],
    "known_at": ["2026-11-23T08:00:00Z", "2020-01-01T00:00:00Z"],
    "ordering": ["name", "-number", "code", "nonsense"],
    "fields": ["code,name", "name,code", "code,,name", "matches"],
    "expand": ["citations"],
    "page": ["1", "2", "01", "0", "x"],
    "page_size": ["5", "500", "501"],
    "facets": ["true", "false"],
    "lang": ["en", "zh-Hant", "zh-Hans", "mn"],
    "nonsense": ["1"],
}
PATHS = [LIST, LIST, LIST, DETAIL, f"{DETAIL}history/", "/api/v1/editions/"]
PATHS += ["/api/v1/domains/", "/services/NM-07-01/", "/services/NM-07-01.md", "/api/v1/changes/", "/api/v1/nowhere/"]
HEADERS = {
    "accept_encoding": ["gzip", "br", "zstd;q=0.5, gzip", "*", "gzip;q=0", "identity, *;q=0", ",;q=x"],
    "accept_language": ["en", "zh-TW,en;q=0.5", "mn", "*"],
    "accept": [
        "application/json",
        "text/html,*/*;q=0.8",
        "text/csv;q=0.1, */*;q=0.5",
        "a;q=x",
        "image/png",
    ],
    "if_none_match": ["*", '"x"', 'W/"x", "y"', "nonsense"],
    "host": ["localhost", "LOCALHOST", "elsewhere.example"],
}
pairs = st.sampled_from([(name, value) for name, values in PARAMETERS.items() for value in values])
addresses = st.builds(
    lambda path, said: f"{path}?{urlencode(said)}" if said else path,
    st.sampled_from(PATHS),
    st.lists(pairs, max_size=3),
)
headers = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in HEADERS.items()})


@settings(max_examples=RUNS, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses, said=headers, method=st.sampled_from(["GET", "GET", "GET", "HEAD"]))
def test_with_and_without_memory_every_answer_is_the_same(django_counted, believing, address, said, method):
    """``ANSWERS_RUNS=5000 scripts/test tests/test_answers.py`` is the long form."""
    direct = ask(django_counted.application, address, method=method, **said)

    for told in (ask(believing, address, method=method, **said) for _ in range(2)):
        assert same(direct, told), (direct.status, direct.headers, told.status, told.headers)


def test_all_requests_are_counted(believing):
    for address in (LIST, LIST, "/healthz", DETAIL, f"{LIST}?nonsense=1"):
        ask(believing, address)

    assert believing.counted() == {"remembered": 1, "made": 2, "judged": 0, "passed on": 2}
