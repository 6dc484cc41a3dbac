"""Concurrent saves, 20 editors with 10 saves each by default: ``python -m tests.faults.concurrent_saves``.

On PostgreSQL, under tests/postgres.py. Each editor opens the edition's page, types, and sends the form as a browser
does. A save is accepted, or refused because the page is stale. Every accepted save is in the audit log, each based on
the one before, and none is lost. At last all send one form of a new proposal at the same moment: it drafts one; and
then each a form of its own: each drafts one. So with new documents: each gets a code of its own.
"""

import argparse
import json
import re
import sys
import threading
from collections import Counter
from html.parser import HTMLParser

from tests.faults import own


class Form(HTMLParser):
    """The fields of the edition's form, as a browser sends them unchanged."""

    def __init__(self, html: str):
        super().__init__()
        self.boxes: dict[str, list[str]] = {}
        self._text = self._select = None
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        box = dict(attrs)
        if tag == "form":
            self._inside = box.get("id") == "edition_form"
        if not self._inside:
            return
        name = box.get("name")
        if tag == "input" and name and box.get("type") not in {"submit", "button"}:
            if box.get("type") not in {"checkbox", "radio"} or "checked" in box:
                self.boxes.setdefault(name, []).append(box.get("value", ""))
        elif tag == "textarea":
            self._text = name
            self.boxes[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in box:
            self.boxes.setdefault(self._select, []).append(box.get("value", ""))

    def handle_endtag(self, tag):
        if tag == "textarea":
            # HTML drops a line break directly after the start tag.
            self.boxes[self._text] = [self.boxes[self._text][0].removeprefix("\n")]
            self._text = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._text:
            self.boxes[self._text][0] += data


COUNTING = threading.Lock()


def count(counts: Counter, outcome: object) -> None:
    """Count one more, under a lock: adding is not atomic."""
    with COUNTING:
        counts[outcome] += 1


def edit(client, editor: int, saves: int, address: str, accepted: list[tuple], counts: Counter) -> None:
    """Save ``saves`` times as one editor who is signed in."""
    from django.db import connection

    from catalogue.desk.base import versions

    try:
        page = client.get(address)
        for save in range(saves):
            note = f"第 {editor} 位的第 {save + 1} 次。"
            boxes = Form(page.content.decode()).boxes
            seen_note = versions.read(boxes["seen"][0])["form_values"]["note"]
            response = client.post(address, boxes | {"note": note})
            count(counts, response.status_code)
            if response.status_code == 302:
                accepted.append((seen_note[0] if seen_note else None, note))
                page = client.get(address)
            elif response.status_code == 409:
                # The conflict page keeps the text in its field; the editor continues from there.
                if Form(response.content.decode()).boxes["note"] == [note]:
                    count(counts, "kept")
                page = response
    except Exception as error:  # noqa: BLE001 - reported by the command
        count(counts, repr(error))
    finally:
        connection.close()


def send(client, address: str, typed: dict, start: threading.Barrier, counts: Counter) -> None:
    """Send the form of something new at the same moment as the others."""
    from django.db import connection

    try:
        start.wait()
        response = client.post(address, typed)
        count(counts, response.get("Location", response.status_code))
    except Exception as error:  # noqa: BLE001 - reported by the command
        count(counts, repr(error))
    finally:
        connection.close()


def send_at_once(clients: list, address: str, forms: list[dict]) -> Counter:
    """Let each client send its form at the same moment; return how often each place or status was the answer."""
    counts, start = Counter(), threading.Barrier(len(clients))
    threads = [
        threading.Thread(target=send, args=(client, address, form, start, counts))
        for client, form in zip(clients, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def drafted_at_once(clients: list, *, apart: bool) -> list[str]:
    """Let all clients send the same form of a new proposal, or ``apart`` one each; return what is wrong."""
    from django.urls import reverse

    from catalogue.models import Proposal
    from services.models import Department

    address, title = reverse("admin:catalogue_proposal_add"), "各一张表" if apart else "同一张表"
    typed = {"kind": "change", "title": title, "reason": "会议决定", "effective_from": "2030-01-01"}
    typed |= {"department": Department.objects.first().pk}
    pages = [client.get(address).content.decode() for client in (clients if apart else clients[:1])]
    tokens = [re.search('name="seen" value="([^"]+)"', page)[1] for page in pages] * (1 if apart else len(clients))
    counts = send_at_once(clients, address, [typed | {"seen": token} for token in tokens])
    # 503: SQLite's lock was held for too long; nothing was written.
    expected = len(clients) - counts[503] if apart else 1
    if len(set(counts) - {503}) == Proposal.objects.filter(title=title).count() == expected:
        return []
    return [f"{title}同时提交 {len(clients)} 次，得到 {dict(counts)}"]


def documents_added_at_once(clients: list) -> list[str]:
    """Let each client add a document without a code; return what is wrong."""
    from django.urls import reverse

    from services.sources import Source

    typed = {"title": "同时新增的文件", "kind": "plan", "jurisdiction": "inner-mongolia", "position": "0"}
    typed |= {"extent_read": "full", "read_in": "copy"}
    counts = send_at_once(clients, reverse("admin:services_source_add"), [typed] * len(clients))
    if Source.objects.filter(title=typed["title"]).count() == len(clients) - counts[503]:
        return []
    return [f"同时新增 {len(clients)} 份文件，得到 {dict(counts)}"]


def main(editors: int, saves: int) -> int:
    with own.database():
        from django.contrib.auth.models import User
        from django.test import Client
        from django.urls import reverse

        from catalogue.audit import log
        from catalogue.models import Edition, Event

        own.build(services=2, proposed=False)
        draft = Edition.objects.get(slug="second")
        for editor in range(editors):
            User.objects.create_superuser(f"editor-{editor}", password=None)
        address = reverse("admin:catalogue_edition_change", args=[draft.pk])
        clients = [Client() for _ in range(editors)]
        for editor, client in enumerate(clients):
            client.force_login(User.objects.get(username=f"editor-{editor}"))
        accepted, counts, expected = [], Counter(), json.dumps(draft.note, ensure_ascii=False)
        threads = [
            threading.Thread(target=edit, args=(client, editor, saves, address, accepted, counts))
            for editor, client in enumerate(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        events = Event.objects.filter(edition="second", service=None, field="note").order_by("number")
        changes = list(events.values_list("before", "after"))
        draft.refresh_from_db()
        faults = []
        # 503: SQLite's lock was held for longer than its timeout; the page says so, and nothing was written.
        if set(counts) - {302, 409, 503, "kept"} or counts[302] + counts[409] + counts[503] != editors * saves:
            faults.append(f"有的保存既没有接受也没有拒绝：{dict(counts)}")
        if counts["kept"] != counts[409]:
            faults.append(f"{counts[409]} 次拒绝，只有 {counts['kept']} 次留住了填写的内容")
        if len(changes) != len(accepted):
            faults.append(f"接受了 {len(accepted)} 次保存，记录中有 {len(changes)} 次")
        recorded = {(old and json.loads(old), json.loads(new)) for old, new in changes}
        if overwritten := recorded - set(accepted):
            faults.append(f"{len(overwritten)} 次保存盖掉了编辑没有看到的内容")
        for old, new in changes:
            if old not in {expected, None if expected == "null" else expected}:
                faults.append(f"记录中 {new} 不是接着 {expected} 改的，而是接着 {old}")
            expected = new
        if changes and draft.note != json.loads(expected):
            faults.append(f"版本现在是 {draft.note}，不是最后接受的 {expected}")
        faults += drafted_at_once(clients, apart=False) + drafted_at_once(clients, apart=True)
        faults += documents_added_at_once(clients)
        faults += log.verify_chain()
    verdict = "；".join(faults) or "每次接受的都在记录中，没有丢失。"
    print(f"{editors} 位编辑各存 {saves} 次：接受 {counts[302]} 次，拒绝 {counts[409]} 次；{verdict}")
    return 1 if faults else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--editors", type=int, default=20)
    options.add_argument("--saves", type=int, default=10)
    arguments = options.parse_args()
    sys.exit(main(arguments.editors, arguments.saves))
