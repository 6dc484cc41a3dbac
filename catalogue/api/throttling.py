"""How much one address may send: counted exactly, over all processes and machines, and without keeping addresses.

What is counted is what was kept: whoever mistypes may try again. The counts are in the database's cache table, under a
keyed digest of the address; a lock makes two that come at once wait for each other.
"""

import ipaddress

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import Throttled

HOUR, DAY = 3600, 86_400
# How many in how many seconds.
LIMITS = ((10, HOUR), (100, DAY))
# The household's or the machine's part of an IPv6 address: whoever has one has the 2^64 addresses in it.
IPV6_PREFIX = 64


def admit(request: HttpRequest) -> None:
    """Count one more from the address a request comes from. Inside the transaction that keeps what was sent.

    Raises Throttled, with the seconds to wait, if there have been too many.
    """
    key = salted_hmac(__name__, address(request), algorithm="sha256").hexdigest()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(key[:15], 16)])
    cache, now = caches["throttling"], timezone.now().timestamp()
    times = [time for time in cache.get(key, ()) if time > now - DAY]
    for most, seconds in LIMITS:
        recent = [time for time in times if time > now - seconds]
        if len(recent) >= most:
            wait = recent[-most] + seconds - now
            span = "小时" if seconds == HOUR else "天"
            raise _throttled(wait, f"同一地址每{span}最多 {most} 件。")
    cache.set(key, [*times, now], DAY)


def address(request: HttpRequest) -> str:
    """Return who is counted as one: an IPv4 address or an IPv6 network.

    Only behind a proxy of ours is a header believed, and of it only the last address: the one our proxy saw. What
    stands before it anybody may have written.
    """
    found = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_PROXY and forwarded:
        found = forwarded.rpartition(",")[2].strip()
    try:
        known = ipaddress.ip_address(found)
    except ValueError:
        return found
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known), IPV6_PREFIX), strict=False))


def _throttled(wait: float, why: str) -> Throttled:
    throttled = Throttled(detail=f"{why}请在 {max(1, int(wait) + 1)} 秒后再试。")
    throttled.wait = max(1, int(wait) + 1)
    return throttled
