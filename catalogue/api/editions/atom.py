"""The newest changes as an Atom feed (RFC 4287), newest first, with the filters of the change feed."""

import datetime
import re
import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date

from catalogue.editions.changes import field_label, serialize_change
from catalogue.editions.diff import SUBSTANCE
from catalogue.editions.public import imprint
from catalogue.models import Event
from catalogue.web.middleware.read_only import read_only
from catalogue.web.permalinks import base_url
from catalogue.web.query import parameters
from catalogue.web.query.change_query import FILTERS, select_changes

# The feed has only the newest changes; the JSON feed has all of them, by cursor.
MAX_ITEMS = 200
# The id of a feed is that of its filters, the same on every host.
NAMESPACE = uuid.UUID("6a1f0b0e-3c3c-5b0e-9a53-0f6f0b7f5c11")
TITLES = {"added": "服务项目新增", "changed": "服务项目调整", "withdrawn": "服务项目取消"}
BOOKKEEPING = "资料整理（服务本身未变）"
# Characters that XML 1.0 cannot contain.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AtomFeed(Atom1Feed):
    """An Atom feed whose summaries are plain text: Django writes them as HTML, so that ``<`` begins a tag."""

    def latest_post_date(self) -> datetime.datetime:
        # Also of a feed without entries, for which Django takes the time of the request.
        return self.feed["updated"]

    def add_item_elements(self, handler, item: dict) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("summary", item["description"], {"type": "text"})


@read_only()
def atom(request: HttpRequest) -> HttpResponse:
    """The newest changes that the query selects. ``Last-Modified`` is the time of the newest one."""
    query = parameters.read(request.GET, FILTERS)
    events = list(select_changes(query).order_by("-number")[:MAX_ITEMS])
    newest = events[0] if events else Event.objects.changes().order_by("number").first()
    updated = newest.at if newest else datetime.datetime.fromtimestamp(0, datetime.UTC)
    root, address = base_url(request), reverse("atom")
    selected = "&".join(f"{name}={query[name]}" for name in sorted(query))
    feed = AtomFeed(
        title=f"{imprint.TITLE}：变更",
        link=f"{root}{reverse('changes')}{'?' if request.GET else ''}{request.GET.urlencode()}",
        description=None,
        subtitle="每个已发布版本新增、调整和取消的服务项目",
        language="zh-Hans",
        author_name=f"{imprint.TITLE}编者",
        feed_url=f"{root}{address}{'?' if request.GET else ''}{request.GET.urlencode()}",
        feed_guid=uuid.uuid5(NAMESPACE, selected).urn,
        feed_copyright=f"{imprint.LICENCE}；{imprint.DISCLAIMER}",
        updated=updated,
    )
    for event in events:
        feed.add_item(**_item(event, root))
    response = HttpResponse(content_type=feed.content_type, headers={"Last-Modified": http_date(updated.timestamp())})
    feed.write(response, "utf-8")
    return response


def _item(event: Event, root: str) -> dict:
    change = serialize_change(event)
    service, page = change["service"], reverse("page", kwargs={"code": event.service})
    kind = TITLES[change["kind"]] if change["substance"] else BOOKKEEPING
    number = change["document_number"] or (change["document"] or {}).get("document_number")
    fields = [field["field"] for field in change["fields"] if change["kind"] == "changed"]
    if change["substance"]:
        # What else was noted at the same time is no news to people.
        fields = [field for field in fields if field in SUBSTANCE]
    parts = [
        ("理由", change["reason"]),
        ("文号", number),
        ("承接项目", "、".join(f"{successor['code']} {successor['name']}" for successor in change["successors"])),
        ("变化的字段", "、".join(map(field_label, fields))),
    ]
    summary = "；".join([service["code"], *(f"{label}：{value}" for label, value in parts if value)])
    return {
        "title": NOT_XML.sub("\ufffd", f"{kind}：{service['name']}（版本 {event.edition}）"),
        "link": f"{root}{page}?edition={event.edition}",
        "description": NOT_XML.sub("\ufffd", summary),
        # The digest of the event, so that a feed reader sees one change as the same entry on every host.
        "unique_id": f"urn:sha256:{event.digest}",
        "pubdate": event.at,
        "updateddate": event.at,
    }
