"""CORS: a page of any site may read responses and their headers, and send the headers that its libraries add."""

# Headers of every response, errors too. Without EXPOSED, a page sees only the headers that Fetch calls safe.
EXPOSED = (
    "Allow", "Content-Disposition", "Content-Language", "ETag", "Link", "Location", "Retry-After", "X-Request-ID",
)  # fmt: skip
RESPONSE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": ", ".join(EXPOSED)}
# Named, because older browsers know no ``*`` here: what a client needs, and what tracing and HTTP libraries add.
ALLOWED = (
    "Accept", "Accept-Language", "Cache-Control", "Content-Encoding", "Content-Language", "Content-Type", "If-Match",
    "If-None-Match", "Pragma", "X-Request-ID", "X-Requested-With", "baggage", "sentry-trace", "traceparent",
    "tracestate", "*",
)  # fmt: skip
PREFLIGHT = RESPONSE | {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(ALLOWED),
    "Access-Control-Max-Age": "86400",
}
