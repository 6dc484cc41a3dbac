"""Twenty people save one draft ten times each: ``python -m tests.faults.concurrent_saves``; PostgreSQL: postgres.py.

Each opens the edition's page, types, and sends the form as a browser does. A save is accepted or refused because the
page is stale; every accepted one is in the record, each resting on the one before, and nothing is lost.
"""

import argparse
import json
import sys
import threading
from collections import Counter
from html.parser import HTMLParser

from tests.faults import own


class Form(HTMLParser):
    """The boxes of a page's largest form, as a browser would send them untouched."""

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
            # A browser leaves out the line break after the tag.
            self.boxes[self._text] = [self.boxes[self._text][0].removeprefix("\n")]
            self._text = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._text:
            self.boxes[self._text][0] += data


COUNTING = threading.Lock()


def count(found: Counter, what: object) -> None:
    """Count one more; of two threads that add at once, one would be lost."""
    with COUNTING:
        found[what] += 1


def edit(client, editor: int, saves: int, address: str, accepted: list[tuple], found: Counter) -> None:
    """Be one editor, signed in already."""
    from django.db import connection

    from catalogue.desk.base import versions

    try:
        page = client.get(address)
        for save in range(saves):
            said = f"第 {editor} 位的第 {save + 1} 次。"
            boxes = Form(page.content.decode()).boxes
            read = versions.read(boxes["seen"][0])["boxes"]["note"]
            answer = client.post(address, boxes | {"note": said})
            count(found, answer.status_code)
            if answer.status_code == 302:
                accepted.append((read[0] if read else None, said))
                page = client.get(address)
            elif answer.status_code == 409:
                # What was typed is on the page that refuses it, in its box; from there one goes on.
                if Form(answer.content.decode()).boxes["note"] == [said]:
                    count(found, "kept")
                page = answer
    except Exception as error:  # noqa: BLE001 - told by the command, whatever it was
        count(found, repr(error))
    finally:
        connection.close()


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
        accepted, found, before = [], Counter(), json.dumps(draft.note, ensure_ascii=False)
        threads = [
            threading.Thread(target=edit, args=(client, editor, saves, address, accepted, found))
            for editor, client in enumerate(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        told = Event.objects.filter(edition="second", service=None, field="note").order_by("number")
        changes = list(told.values_list("before", "after"))
        draft.refresh_from_db()
        faults = []
        # 503: SQLite let others write for longer than it waits; the page says so, and nothing was written.
        if set(found) - {302, 409, 503, "kept"} or found[302] + found[409] + found[503] != editors * saves:
            faults.append(f"有的保存既没有接受也没有拒绝：{dict(found)}")
        if found["kept"] != found[409]:
            faults.append(f"{found[409]} 次拒绝，只有 {found['kept']} 次留住了填写的内容")
        if len(changes) != len(accepted):
            faults.append(f"接受了 {len(accepted)} 次保存，记录中有 {len(changes)} 次")
        said = {(was and json.loads(was), json.loads(now)) for was, now in changes}
        if unseen := said - set(accepted):
            faults.append(f"{len(unseen)} 次保存盖掉了编辑没有看到的内容")
        for was, now in changes:
            if was not in {before, None if before == "null" else before}:
                faults.append(f"记录中 {now} 不是接着 {before} 改的，而是接着 {was}")
            before = now
        if changes and draft.note != json.loads(before):
            faults.append(f"版本现在是 {draft.note}，不是最后接受的 {before}")
        faults += log.verify()
    verdict = "；".join(faults) or "每次接受的都在记录中，没有丢失。"
    print(f"{editors} 位编辑各存 {saves} 次：接受 {found[302]} 次，拒绝 {found[409]} 次；{verdict}")
    return 1 if faults else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--editors", type=int, default=20)
    options.add_argument("--saves", type=int, default=10)
    chosen = options.parse_args()
    sys.exit(main(chosen.editors, chosen.saves))
