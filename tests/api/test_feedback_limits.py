"""Rate limits of feedback: ten messages an hour and a hundred a day from an address, which no header forges."""

import time

import pytest

from catalogue.api.base import throttling
from catalogue.models import Feedback
from tests.api.test_feedback import PATH, send
from tests.web.test_problems import assert_problem


def test_an_address_may_send_ten_messages_an_hour(client, db):
    for _ in range(10):
        assert send(client).status_code == 201

    response = send(client)

    problem = assert_problem(response, 429)
    assert "每小时最多 10 件" in problem["detail"]
    assert 3590 <= int(response["Retry-After"]) <= 3600
    assert f"{response['Retry-After']} 秒" in problem["detail"]
    assert Feedback.objects.count() == 10


@pytest.fixture
def later(monkeypatch):
    """Return a function that advances the clock of the throttles by a number of seconds."""
    offset = [0]

    def move(seconds: float) -> None:
        offset[0] += seconds

    monkeypatch.setattr(throttling.AddressThrottle, "timer", staticmethod(lambda: time.time() + offset[0]))
    return move


def test_an_address_may_send_again_after_retry_after(client, db, later):
    for _ in range(10):
        send(client)
    wait = int(send(client)["Retry-After"])

    later(wait - 10)
    assert send(client).status_code == 429
    later(10)
    assert send(client).status_code == 201


def test_an_address_may_send_a_hundred_messages_a_day(client, db, later):
    for _ in range(10):
        for _ in range(10):
            assert send(client).status_code == 201
        later(3601)

    response = send(client)

    assert "每天最多 100 件" in assert_problem(response, 429)["detail"]
    assert int(response["Retry-After"]) > 3600


def test_refused_messages_are_not_counted(client, db):
    for _ in range(20):
        assert send(client, {}).status_code == 400

    assert send(client).status_code == 201


def test_two_addresses_are_independent(client, db):
    for _ in range(10):
        send(client, REMOTE_ADDR="203.0.113.1")

    assert send(client, REMOTE_ADDR="203.0.113.1").status_code == 429
    assert send(client, REMOTE_ADDR="203.0.113.2").status_code == 201


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "X-Client-IP"])
@pytest.mark.parametrize("behind_proxy", [False, True])
def test_no_forged_header_evades_the_limit(client, db, settings, header, behind_proxy):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": int(behind_proxy)}
    proxy_headers = {"X-Forwarded-For": "203.0.113.1"} if behind_proxy else {}

    def forged(n: int) -> dict:
        client_headers = {header: f"198.51.100.{n}"}
        if behind_proxy and header == "X-Forwarded-For":
            # The proxy appends the client's address to the header that it received.
            client_headers = {header: f"198.51.100.{n}, 203.0.113.1"}
        return proxy_headers | client_headers

    for n in range(10):
        assert send(client, headers=forged(n)).status_code == 201

    assert send(client, headers=forged(11)).status_code == 429


def test_behind_a_proxy_two_clients_are_independent(client, db, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for _ in range(10):
        send(client, headers={"X-Forwarded-For": "203.0.113.1"})

    assert send(client, headers={"X-Forwarded-For": "203.0.113.1"}).status_code == 429
    assert send(client, headers={"X-Forwarded-For": "203.0.113.2"}).status_code == 201


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "counted"),
    [
        ("203.0.113.1", None, False, "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", False, "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", True, "198.51.100.1"),
        ("203.0.113.1", "1.1.1.1, 198.51.100.1", True, "198.51.100.1"),
        ("203.0.113.1", None, True, "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", None, False, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", None, False, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.1", None, False, "203.0.113.1"),
        ("fe80::1%eth0", None, False, "fe80::/64"),
        ("", None, False, ""),  # a socket in the file system has no address
        ("203.0.113.1", "unknown", True, "unknown"),
    ],
)
def test_the_counted_address_is_normalised(rf, settings, remote, forwarded, behind_proxy, counted):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": int(behind_proxy)}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = rf.post(PATH, REMOTE_ADDR=remote, headers=headers)

    assert throttling.address(throttling.HourlyThrottle().get_ident(request)) == counted
