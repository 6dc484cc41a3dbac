"""The benchmark: parsing, goals and reports. Starts no server and sends no load."""

import sqlite3

import pytest

from bench import driving, reporting, starting, targets
from bench.driving import Figures, RequestSpec
from bench.peers import datasets, nginx

REPORT = """Running 3s test @ http://127.0.0.1:8000/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   394.32us   99.12us   4.10ms   91.23%
    Req/Sec    80.62k     2.11k   83.20k    76.67%
  Latency Distribution
     50%  {p50}
     75%  450.00us
     90%  500.00us
     99%  {p99}
  240582 requests in 3.00s, 60.12MB read
{more}Requests/sec:  80194.11
Transfer/sec:     20.04MB
"""


@pytest.mark.parametrize(
    ("p50", "p99", "seconds"),
    [
        ("375.00us", "0.95ms", (0.000375, 0.00095)),
        ("3.80ms", "11.60ms", (0.0038, 0.0116)),
        ("521.33ms", "1.52s ", (0.52133, 1.52)),
        ("0.90m ", "1.10m ", (54, 66)),
    ],
)
def test_the_units_of_a_report_of_wrk_are_parsed(p50, p99, seconds):
    figures = driving.parse(REPORT.format(p50=p50, p99=p99, more=""))

    assert figures.rate == 80194.11
    assert (figures.p50, figures.p99) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (REPORT.format(p50="1.00ms", p99="2.00ms", more="  Non-2xx or 3xx responses: 7\n"), "有 7 个答复"),
        (
            REPORT.format(p50="1.00ms", p99="2.00ms", more="  Socket errors: connect 0, read 3, write 0, timeout 1\n"),
            "read 3",
        ),
        (REPORT.format(p50="0.00us", p99="0.00us", more="").replace("80194.11", "0.00"), "没有量到"),
        ("unable to connect to 127.0.0.1:9 Connection refused\n", "Connection refused"),
    ],
)
def test_a_report_with_errors_raises(told, sentence):
    with pytest.raises(starting.Failed, match=sentence):
        driving.parse(told)


def test_a_failed_run_names_its_target(monkeypatch, tmp_path):
    def fail(*_args, **_kwargs):
        raise starting.Failed("有 7 个答复不是 2xx 或 3xx")

    monkeypatch.setattr(driving, "answer", lambda *_args: (200, {}, b"{}"))
    monkeypatch.setattr(driving, "drive", fail)
    server = starting.Server("project", lambda _port: ["true"], asked="/", folder=tmp_path)

    with pytest.raises(starting.Failed, match="目标“list”：有 7 个"):
        driving.measure(
            "list",
            {"project": RequestSpec(["/"])},
            {"project": server},
            rounds=1,
            seconds=1,
            core=None,
            folder=tmp_path,
        )


def test_the_median_is_taken_of_each_figure():
    assert driving.median([Figures(1, 9, 5), Figures(3, 7, 4), Figures(2, 8, 6)]) == Figures(2, 8, 5)


FIGURES = {
    "project": Figures(60, 0.001, 0.009),
    "nginx": Figures(100, 0.001, 0.002),
    "FastAPI": Figures(10, 0.01, 0.05),
    "Datasette": Figures(12, 0.01, 0.02),
    "empty-view": Figures(100, 0.001, 0.003),
}


@pytest.mark.parametrize(
    ("goal", "value", "against", "met"),
    [
        (targets.Goal("list", 0.6), 0.6, "nginx", True),  # equal to the bound
        (targets.Goal("list", 0.61), 0.6, "nginx", False),
        (targets.Goal("list", 5, targets.PEERS), 5, "Datasette", True),  # compared with the fastest peer measured
        (targets.Goal("list", 4.5, p99=True), 4.5, "nginx", True),
        (targets.Goal("list", 3, p99=True), 4.5, "nginx", False),
        (targets.Goal("entitlements", 0.010, (), p99=True), 0.009, None, True),
        (targets.Goal("entitlements", 0.008, (), p99=True), 0.009, None, False),
    ],
)
def test_a_goal_is_judged(goal, value, against, met):
    judged = goal.judge(FIGURES)

    assert judged["value"] == pytest.approx(value)
    assert (judged["against"], judged["met"]) == (against, met)


@pytest.mark.parametrize(
    ("against", "value", "slow"),
    [
        ("nginx", 0.75, []),
        ("nginx", 0.5625, []),  # noise may take a quarter of the goal
        ("nginx", 0.5624, ["list"]),
        ("empty-view", 0.1875, []),  # and three quarters beside an empty view
        ("empty-view", 0.1874, ["list"]),
    ],
)
def test_the_short_form_allows_for_noise(against, value, slow):
    assert reporting.too_slow([{"target": "list", "value": value, "bound": 0.75, "against": against}]) == slow


def test_the_short_form_compares_with_nginx_and_the_empty_view():
    target_names = [goal.target for goal in targets.GOALS if targets.short(goal)]

    assert target_names == ["list", "list, gzip", "not modified", "detail", "filter", "search", "entitlements"]
    for target in target_names:
        assert len(set(targets.TARGETS[target]) & set(targets.SHORT)) == 2


def test_half_load_pauses_so_long_that_all_connections_ask_for_half_the_rate():
    asked = targets.at_half_load(RequestSpec(["/"]), capacity=800)

    assert driving.CONNECTIONS / (asked.pause / 1000) == pytest.approx(400)
    # As wrk wants it: milliseconds, and their mean is the pause.
    assert driving.lua(asked) == "function delay() return math.random(0, 160) end"


def test_every_goal_has_a_measured_target():
    for goal in targets.GOALS:
        assert set(goal.against) <= set(targets.TARGETS[goal.target])
    assert {goal.target for goal in targets.GOALS} == set(targets.TARGETS) <= set(reporting.CHINESE)


def test_the_requests_of_a_first_time_target_differ():
    for target in ("first filter", "first search"):
        for request in targets.TARGETS[target].values():
            assert len(set(request.paths)) == len(request.paths) >= 40


def test_a_body_and_several_paths_need_a_script():
    assert 'wrk.body = "{\\"age\\": 70}"' in driving.lua(RequestSpec(["/"], body='{"age": 70}'))
    assert 'local paths = {"/a", "/b"}' in driving.lua(RequestSpec(["/a", "/b"]))
    assert driving.lua(RequestSpec(["/"])) == ""


def results() -> dict:
    return {
        "date": "2026-11-24",
        "machine": {"cpu": "Some CPU", "cores": 2, "pinned": True},
        "rounds": 5,
        "seconds": 3,
        "connections": 32,
        "measured": {
            "list": {
                "project": {"rate": 15200.4, "p50": 0.00105, "p99": 0.0212},
                "nginx": {"rate": 20000.0, "p50": 0.00079, "p99": 0.00179},
            },
            "entitlements": {"project": {"rate": 176.2, "p50": 0.176, "p99": 0.219}},
        },
        "goals": [
            {"target": "list", "of": "rate", "value": 0.76, "bound": 0.75, "against": "nginx", "met": True},
            {"target": "entitlements", "of": "p99", "value": 0.219, "bound": 0.01, "against": None, "met": False},
        ],
        "servers": {"project": {"start": 0.915, "pss": 209 * 2**20, "worker": 78 * 2**20}},
    }


def test_the_tables_for_the_documentation_are_markdown():
    assert reporting.markdown(results()) == (
        "2026-11-24, Some CPU, one core for the server and another for wrk with 32 connections, "
        "medians of 5 rounds of 3 s.\n"
        "\n"
        "| request | requests/s | p50 | p99 | compared | with | ratio | goal |  |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| the list, 81 services | 15,200 | 1.05 ms | 21.2 ms | requests | nginx, a file of the same bytes | 0.76 "
        "| ≥ 0.75 | met |\n"
        "| entitlements, all rules judged | 176 | 176 ms | 219 ms | p99 | — | 219 ms | ≤ 10.0 ms | missed |\n"
        "\n"
        "| server | start | PSS | of a worker |\n"
        "| --- | --- | --- | --- |\n"
        "| the catalogue | 0.92 s | 209 MiB | 78 MiB |\n"
    )


def test_the_terminal_aligns_chinese_and_names_missed_goals():
    lines = reporting.terminal(results()).splitlines()

    assert lines[1:3] == [
        "清单      本项目  15,200  1.05 ms  21.2 ms",
        "清单      nginx   20,000  0.79 ms  1.79 ms",
    ]
    assert reporting.missed(results()) == ["资格判断：p99 — 219 ms ≤ 10.0 ms"]


def test_datasette_has_every_field_and_finds_words_inside_a_sentence(tmp_path):
    documents = [{"code": "NM-05-01", "number": 47, "domain": {"code": "NM-05"}, "name_en": None, "standard": None}]
    documents[0] |= {"name": "老年人健康管理", "target_group_text": None, "content": "每年1次", "note": None}
    datasets.build(tmp_path / "catalogue.db", {"services": documents})

    database = sqlite3.connect(tmp_path / "catalogue.db")
    rows = database.execute("SELECT rowid FROM services_fts WHERE services_fts MATCH ?", [datasets.phrase("健康")])
    assert rows.fetchall() == [(1,)]
    assert database.execute("SELECT code, domain_code, domain FROM services").fetchall() == [
        ("NM-05-01", "NM-05", '{"code": "NM-05"}')
    ]
    database.close()


def test_the_files_and_settings_of_nginx_are_written(tmp_path):
    settings = nginx.write(tmp_path, port=8080, files={"gzip/list.json.gz": b"\x1f\x8b", "list.json": b"[]"})

    assert (tmp_path / "files" / "gzip" / "list.json.gz").read_bytes() == b"\x1f\x8b"
    assert "listen 127.0.0.1:8080;" in settings.read_text()
