"""How much one address may send, counted over all processes and machines without keeping addresses.

Only what was accepted counts, so a mistyped message can be sent again. The counts are in the database's cache table,
under a keyed digest of the address. Two messages at the same moment may count as one.
"""

import ipaddress

from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

# The household's or the machine's part of an IPv6 address: whoever has one has the 2^64 addresses in it.
IPV6_PREFIX = 64


class AddressThrottle(SimpleRateThrottle):
    """Counts an IPv4 address or an IPv6 network. ``NUM_PROXIES`` says whether X-Forwarded-For is believed."""

    cache = ConnectionProxy(caches, "throttling")

    def get_cache_key(self, request: Request, view: object) -> str:
        return salted_hmac(self.rate, address(self.get_ident(request)), algorithm="sha256").hexdigest()


class HourlyThrottle(AddressThrottle):
    rate, limit = "10/hour", "每小时最多 10 件"


class DailyThrottle(AddressThrottle):
    rate, limit = "100/day", "每天最多 100 件"


def admit(request: Request) -> None:
    """Count one more from the address of a request. Inside the transaction that keeps what was sent.

    Raises Throttled, with the seconds to wait, if there have been too many.
    """
    for throttle in (HourlyThrottle(), DailyThrottle()):
        if not throttle.allow_request(request, None):
            wait = int(throttle.wait()) + 1
            throttled = Throttled(detail=f"同一地址{throttle.limit}。请在 {wait} 秒后再试。")
            throttled.wait = wait
            raise throttled


def address(client: str) -> str:
    """Return who is counted as one: an IPv4 address or an IPv6 network; what is no address as it is."""
    try:
        known = ipaddress.ip_address(client)
    except ValueError:
        return client
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known), IPV6_PREFIX), strict=False))
