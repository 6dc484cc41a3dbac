"""The MCP server, called by the client of the SDK in this process and over stdio."""

import asyncio
import json
import logging
import os
import subprocess
import sys

import pytest
from asgiref.sync import async_to_sync

from bench.questions import complete
from catalogue.models import Edition, Event
from services.eligibility.facts import VOCABULARY
from services.eligibility.persons import PERSONS
from tests.api.entitlements.test_entitlements import ask
from tests.support.paths import ROOT
from tests.web.test_privacy import watched

pytest.importorskip("mcp", reason="The MCP server is an extra: pip install -r requirements-mcp.txt.")

from mcp import Client, StdioServerParameters  # noqa: E402

from catalogue.mcp.server import server  # noqa: E402

SECRET = "4711"  # noqa: S105 - a value that must not be logged


def asked(name: str, **arguments: object) -> tuple[bool, dict | str]:
    """Call a tool through the client of the SDK; return whether it was refused, and its JSON or its error."""

    # Runs in this thread, and so in the transaction of the test.
    @async_to_sync
    async def call() -> object:
        async with Client(server()) as client:
            return await client.call_tool(name, arguments)

    return said(call())


def said(result) -> tuple[bool, dict | str]:
    text = result.content[0].text
    return bool(result.is_error), text if result.is_error else json.loads(text)


def digest() -> str:
    return Edition.objects.get(slug="2026").digest


def test_a_search_result_has_its_matches_and_citations(db):
    refused, answer = asked("search", query="低保怎么申请", limit=2)

    assert not refused
    assert (answer["edition"]["edition"], answer["edition"]["digest"]) == ("2026", digest())
    first = answer["results"][0]
    assert (first["code"], first["matches"][0]["field"]) == ("NM-07-01", "synonym")
    assert first["clauses"]
    assert len(answer["results"]) <= 2


def test_a_service_is_read_as_of_a_day(db):
    refused, answer = asked("get_service", code="NM-07-01", valid_on="2022-06-01")

    assert not refused
    assert answer["edition"]["edition"] == "2021"
    assert "732" in answer["service"]["standard"]
    assert answer["service"]["standard_as_of"] == "2020"
    assert answer["service"]["citations"][0]["source"]["document_number"]
    assert answer["permanent"] == "/id/services/NM-07-01"


def test_entitlements_are_said_in_the_words_of_the_api_with_the_next_page_of_questions(client, db):
    circumstances = {"age": 70, "months_resident": 240}
    refused, answer = asked("check_entitlement", circumstances=circumstances)

    assert not refused
    api = ask(client, circumstances).json()
    sentences = {result["service"]["code"]: result["sentence"] for result in api["results"] if "benefit" in result}
    assert {service["code"]: service["sentence"] for service in answer["eligible"]} == sentences
    assert sum(answer["counts"].values()) == 81 == sum(len(answer[name]) for name in answer["counts"])
    assert answer["questions"][0]["name"] == api["next_question"]["fact"]
    assert answer["remaining"] == api["remaining"]["facts"]
    assert answer["edition"]["digest"] == digest()
    assert answer["disclaimer"]


def test_a_service_asked_for_by_its_code_has_its_quoted_reasons(client, db):
    circumstances = {"age": 70, "months_resident": 240}
    _, answer = asked("check_entitlement", circumstances=circumstances, services=["NM-05-01"], unanswered=["migrant"])

    (result,) = answer["eligible"]
    assert result["reasons"][0]["citation"]["quote"]
    assert result["page"] == "/services/NM-05-01/"
    assert answer["questions"] == []


def test_the_facts_have_their_choices(db):
    _, answer = asked("facts")

    assert [fact["name"] for fact in answer["facts"]] == [fact.name for fact in VOCABULARY]
    assert "dibao" in next(fact for fact in answer["facts"] if fact["name"] == "household")["choices"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search", {"query": "老人", "limit": 20}),
        ("get_service", {"code": "NM-04-15"}),
        ("facts", {}),
        ("check_entitlement", {"circumstances": {}}),
        ("check_entitlement", {"circumstances": complete(PERSONS[0].circumstances)}),
        ("check_entitlement", {"circumstances": complete(PERSONS[31].circumstances)}),
        ("changes", {}),
    ],
)
def test_an_answer_fits_a_model_unless_more_is_asked_for(db, tool, arguments):
    refused, answer = asked(tool, **arguments)

    assert not refused
    assert len(json.dumps(answer, ensure_ascii=False)) <= 20_000


def test_all_clauses_and_the_changed_values_are_there_for_the_asking(db):
    _, brief = asked("get_service", code="NM-07-01")
    _, whole = asked("get_service", code="NM-07-01", all_citations=True)
    _, changes = asked("changes", limit=1)
    _, values = asked("changes", limit=1, values=True)

    citations = whole["service"]["citations"]
    assert {citation["field"] for citation in brief["service"]["citations"]} == {item["field"] for item in citations}
    assert len(brief["service"]["citations"]) < len(citations)
    assert [field["field"] for field in values["changes"][0]["fields"]] == changes["changes"][0]["fields"]


def test_changes_can_be_read_to_the_end(db):
    read, after = [], 0
    while after is not None:
        refused, answer = asked("changes", after=after, limit=50)
        assert not refused
        assert {edition["edition"] for edition in answer["editions"]} == {
            change["edition"] for change in answer["changes"]
        }
        assert all(edition["digest"] for edition in answer["editions"])
        read += answer["changes"]
        after = answer["next_after"]

    assert len(read) == Event.objects.changes().count()


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("search", {"query": " "}, "query 应是"),
        ("search", {"query": "低" * 1001}, "1000"),
        ("search", {"query": "低保", "limit": 0}, "1 到 20"),
        ("search", {"query": "低保", "limit": 21}, "1 到 20"),
        ("search", {"query": "低保", "edition": "1999"}, "edition：2021、2023、2026"),
        ("get_service", {"code": "NM-99-99"}, "NM-99-99"),
        ("get_service", {"code": "NM-05-01", "valid_on": "yesterday"}, "2026-11-23"),
        ("get_service", {"code": "NM-05-01", "valid_on": "1999-01-01"}, "2021-11-05"),
        ("get_service", {"code": "NM-05-01", "edition": "2021", "valid_on": "2022-01-01"}, "不能同时使用"),
        ("check_entitlement", {"circumstances": {"agee": 70}}, "没有事实“agee”"),
        ("check_entitlement", {"circumstances": {"age": "old"}}, "0…130"),
        ("check_entitlement", {"circumstances": {"household": ["rich"]}}, "dibao"),
        ("check_entitlement", {"circumstances": {}, "services": ["NM-99-99"]}, "没有服务项目 NM-99-99"),
        ("check_entitlement", {"circumstances": {}, "unanswered": ["wage"]}, "没有事实“wage”"),
        ("search", {"query": "低保", "language": "en"}, "没有参数 language。可用的是 query、edition、limit"),
        ("facts", {"fact": "age"}, "没有参数 fact"),
        ("changes", {"after": -1}, "从 0 起"),
        ("changes", {"limit": 51}, "1 到 50"),
    ],
)
def test_invalid_arguments_are_refused_with_the_allowed_values(db, tool, arguments, words):
    refused, text = asked(tool, **arguments)

    assert refused
    assert words in text


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("search", {"query": ""}, "The value of query is empty."),
        ("search", {"query": "低保", "edition": "1999"}, "edition: 2021, 2023, 2026"),
        (
            "search",
            {"query": "低保", "language": "en"},
            "language: there is no such parameter here; those there are: query",
        ),
        ("get_service", {"code": "NM-99-99"}, "That edition has no service with this code."),
        ("check_entitlement", {"circumstances": {"age": "old"}}, "0…130"),
        ("facts", {"fact": "age"}, "there is no such parameter"),
        ("changes", {"after": -1}, "after is not a whole number"),
    ],
)
def test_errors_are_in_english_when_asked_for(db, tool, arguments, words):
    refused, text = asked(tool, lang="en", **arguments)

    assert refused and words in text
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_every_tool_is_read_only_and_described(db):
    @async_to_sync
    async def listed():
        async with Client(server()) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in listed()}
    assert set(tools) == {"search", "get_service", "facts", "check_entitlement", "changes"}
    assert all(tool.annotations.read_only_hint and tool.description and tool.title for tool in tools.values())


@pytest.mark.parametrize("circumstances", [{"age": int(SECRET)}, {"age": 70, "note": SECRET}, {"household": [SECRET]}])
def test_circumstances_are_not_logged(db, caplog, circumstances):
    caplog.set_level(logging.DEBUG)

    asked("check_entitlement", circumstances=circumstances)

    # The client may log what it sends.
    ours = [record for record in caplog.records if not record.name.startswith("mcp.client")]
    assert SECRET not in "\n".join(record.getMessage() for record in ours)


def test_an_internal_error_is_logged_by_its_type_only(db, caplog):
    with watched([], RuntimeError(f"the message might hold {SECRET}")):
        refused, text = asked("check_entitlement", circumstances={"age": 70})

    assert refused
    assert text.endswith("服务器出错，已记录。请稍后再试。")
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text + text


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """Environment variables with a database of its own, which is empty."""
    url = f"sqlite:///{tmp_path_factory.mktemp('mcp') / 'list.sqlite3'}"
    return os.environ | {"DATABASE_URL": url, "DEBUG": "false", "ALLOWED_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def prepared(environment) -> dict[str, str]:
    """The same with a database that is ready to serve."""
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603
    return environment


@pytest.mark.long
def test_the_server_works_over_stdio(prepared):
    command = StdioServerParameters(command=sys.executable, args=["manage.py", "mcp"], cwd=str(ROOT), env=prepared)

    async def call() -> object:
        async with Client(command) as client:
            return await client.call_tool("search", {"query": "五保"})

    _, answer = said(asyncio.run(call()))
    assert answer["results"][0]["name"] == "特困人员救助供养"


@pytest.mark.long
def test_circumstances_are_only_in_the_answers_of_a_server(prepared):
    """Standard error, which clients log, has no value of valid or invalid messages."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    messages = [
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        *(
            {"id": number, "method": "tools/call", "params": {"name": "check_entitlement", "arguments": arguments}}
            for number, arguments in enumerate(
                [
                    {"circumstances": {"months_resident": int(SECRET)}},
                    {"circumstances": {"age": SECRET}},
                    {"circumstances": SECRET},
                    {SECRET: SECRET},
                ],
                start=2,
            )
        ),
        {"id": {"a": SECRET}, "method": "tools/call"},
        {"method": "notifications/cancelled", "params": SECRET},
    ]
    lines = [json.dumps({"jsonrpc": "2.0"} | message) for message in messages]
    lines += [f'{{"circumstances": {SECRET}', json.dumps({"jsonrpc": "2.0", "id": "last", "method": "ping"})]

    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "manage.py", "mcp"],
        cwd=ROOT,
        env=prepared,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        running.stdin.write("\n".join(lines) + "\n")
        running.stdin.flush()
        answered_ids = set()
        while not {1, 2, 3, 4, 5, "last"} <= answered_ids and (line := running.stdout.readline()):
            answered_ids.add(json.loads(line).get("id"))
        _, errors = running.communicate()

    assert {1, 2, 3, 4, 5, "last"} <= answered_ids
    assert SECRET not in errors


def test_without_its_package_the_command_names_the_requirements_file(environment):
    code = "import runpy, sys; sys.modules['mcp'] = None; runpy.run_path('manage.py', run_name='__main__')"
    process = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "mcp"], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8"
    )

    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        "CommandError: MCP 的软件包没有安装：请运行 pip install -r requirements-mcp.txt。"
    ]


def test_the_web_process_does_not_import_mcp():
    """The import would take 55 MB in every worker."""
    code = "import config.wsgi, sys; from django.urls import resolve; resolve('/api/v1/'); print('mcp' in sys.modules)"
    environment = os.environ | {"DEBUG": "true"}
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603

    assert process.stdout.strip() == "False", process.stderr
