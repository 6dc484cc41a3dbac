"""Rate limits of feedback for a client address, over all processes and machines, without storing addresses.

Only accepted messages count, so a mistyped one can be sent again. The counts are in the database's cache table, under
a keyed digest of the address. Two messages at the same moment may count as one.
"""

import ipaddress

from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

# The prefix length of the IPv6 network of a household or machine, which has all 2^64 addresses in it.
IPV6_PREFIX = 64


class AddressThrottle(SimpleRateThrottle):
    """Counts by IPv4 address or IPv6 network. ``NUM_PROXIES`` decides whether X-Forwarded-For is trusted."""

    cache = ConnectionProxy(caches, "throttling")

    def get_cache_key(self, request: Request, view: object) -> str:
        return salted_hmac(self.rate, address(self.get_ident(request)), algorithm="sha256").hexdigest()


class HourlyThrottle(AddressThrottle):
    rate, limit = "10/hour", "每小时最多 10 件"


class DailyThrottle(AddressThrottle):
    rate, limit = "100/day", "每天最多 100 件"


def check_rate(request: Request) -> None:
    """Count a message from the address of a request; called in the transaction that stores the message.

    Raises Throttled, with the seconds to wait, above either limit.
    """
    for throttle in (HourlyThrottle(), DailyThrottle()):
        if not throttle.allow_request(request, None):
            wait = int(throttle.wait()) + 1
            throttled = Throttled(detail=f"同一地址{throttle.limit}。请在 {wait} 秒后再试。")
            throttled.wait = wait
            raise throttled


def address(client: str) -> str:
    """Return the key that is counted: an IPv4 address or an IPv6 network; other text unchanged."""
    try:
        parsed = ipaddress.ip_address(client)
    except ValueError:
        return client
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
