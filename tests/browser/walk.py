"""Four people take a proposal to a published edition on the desk in Chromium: ``python -m tests.browser.walk``.

The seven tasks are counted (``tasks.GOALS``). The buttons are reached with the Tab key and pressed with Enter. Every
page has no critical or serious violation of axe, no violation of the content security policy, no script error, no
English word, and nothing cut off at three widths.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests.browser import tasks
from tests.browser.visitor import PASSWORD, Visitor
from tests.faults import own

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
PEOPLE = {
    "wang": ("王娜仁", "编辑", "civil-affairs"),
    "li": ("李建国", "评估", "finance"),
    "zhao": ("赵敏", "审批", "development-reform"),
    "sun": ("孙志强", "发布", "development-reform"),
}


def chromium() -> str | None:
    """Return the path of an installed browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def people() -> None:
    """Make an administrator and an account for each role."""
    from django.contrib.auth.models import Group, User

    from catalogue.models import Membership
    from services.models import Department

    User.objects.create_superuser("root", password=PASSWORD)
    for name, (full_name, role, department) in PEOPLE.items():
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True, last_name=full_name)
        user.groups.add(Group.objects.get(name=role))
        Membership.objects.create(user=user, department=Department.objects.get(code=department))


def feedback() -> None:
    """Submit feedback on a service."""
    from django.utils import timezone

    from catalogue.feedback import answers
    from services.models import Service

    service = Service.objects.get(code="NM-01-07")
    message = "标准已经提高，清单上还是旧的。\n请核对。"
    answers.receive_feedback(service, message=message, field="standard", contact="13800000000", at=timezone.now())


@contextmanager
def served():
    """Serve the site with Granian on a free port; yield its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "config.wsgi:application"]
    server = subprocess.Popen(command, cwd=own.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/healthz").close()  # noqa: S310 - our own server
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


def walk(browser, address: str, shots: Path | None) -> list[str]:
    """Do the seven tasks, from a proposal to a published edition; print what they took, and return every fault."""
    wang, li, zhao, sun = visitors = [Visitor(browser, address, name, shots) for name in PEOPLE]
    done = [tasks.raise_standard(wang)]
    proposal = wang.page.url
    for form in ("?field=eligibility&field=content", ""):
        wang.go(f"{proposal.removesuffix('change/')}entries/NM-01-07/{form}")
    try_a_rule(wang)
    wang.go(proposal)
    wang.press("提交")
    for task in (tasks.add_a_service, tasks.withdraw_a_service):
        done.append(task(wang))
        wang.press("提交")
    done += [tasks.merge_services(wang), *(tasks.assess(li, title) for title in tasks.TITLES[:2])]
    done += [tasks.approve(zhao, title) for title in tasks.TITLES]
    done.append(tasks.publish(sun))
    sun.go("/admin/catalogue/edition/")
    sun.go("/admin/catalogue/fieldverification/")
    table, faults = tasks.report(done)
    print(table)
    return faults + [fault for visitor in visitors for fault in visitor.faults]


def screens() -> list[str]:
    """Return the path of every screen: of each model its list, forms and history, and the public pages."""
    from django.contrib import admin
    from django.urls import reverse

    from catalogue.models import Case, Edition, Entry, Event, Feedback, FieldVerification, Proposal

    paths = [reverse(f"admin:{name}") for name in ("index", "password_change", "import")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = model._default_manager.order_by("pk")
        row = rows.unverified().last() if model is FieldVerification else rows.last()
        paths.append(reverse(f"{name}_changelist"))
        if row and model not in {FieldVerification, Event}:
            paths += [reverse(f"{name}_history", args=[row.pk])]
        if row:
            paths.append(reverse(f"{name}_change", args=[row.pk]))
        if model not in {FieldVerification, Event} and admin.site._registry[model].has_add_permission(_Root()):
            paths.append(reverse(f"{name}_add"))
        if (
            row
            and model not in {Case, Entry, FieldVerification, Event, Feedback, Proposal}
            and model._meta.app_label != "services"
        ):
            paths.append(reverse(f"{name}_delete", args=[row.pk]))
    draft, sealed = Edition.objects.drafts().get(), Entry.objects.published().first()
    paths += [reverse(f"admin:catalogue_edition_{page}", args=[draft.pk]) for page in ("diff", "publish")]
    paths.append(reverse("admin:catalogue_entry_change", args=[sealed.pk]))
    paths.append(reverse("admin:auth_user_password_change", args=[1]))
    services = reverse("services")
    public = [
        reverse("home"),
        services,
        f"{services}?q=儿童",
        f"{services}?q=无此项",
        reverse("page", args=["NM-01-07"]),
    ]
    return [*paths, *public, reverse("changes"), reverse("problems")]


class _Root:
    """A request of a superuser, for ``has_add_permission``."""

    class user:  # noqa: N801 - as a request names it
        is_active = is_staff = is_superuser = True

        @staticmethod
        def has_perm(permission: str) -> bool:
            return True


def tour(browser, address: str, shots: Path | None, addresses: list[str]) -> list[str]:
    """Open every screen as an administrator; return every fault."""
    root = Visitor(browser, address, "root", shots)
    for path in addresses:
        root.go(path)
    import_tables(root)
    dark = Visitor(browser, address, "root", shots, dark=True)
    for path in addresses[:: max(1, len(addresses) // 8)]:
        dark.go(path)
    return root.faults + dark.faults


def try_a_rule(visitor: Visitor) -> None:
    """Try the rule of the proposed entry on an example person, by keyboard."""
    visitor.page.focus(".desk-rule-try summary")
    visitor.page.keyboard.press("Enter")
    visitor.page.select_option(".desk-rule-try select >> nth=0", label="六十五岁的城镇老人")
    visitor.page.focus(".desk-rule-try button")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector("#tried")
    visitor.judge()


def import_tables(root: Visitor) -> None:
    """Import a faulty table and a valid one: check each preview, and the proposal made from the valid one."""
    for row, button in (("NM-99-99,说明", "上传并预览"), ("NM-01-07,存疑，待核实", "确认，提出 1 项")):
        root.go("/admin/import/")
        table = f"服务项目代码,编者说明\n{row}\n".encode()
        root.page.set_input_files("#id_file", {"name": "清单.csv", "mimeType": "text/csv", "buffer": table})
        root.page.select_option("#id_department", "civil-affairs")
        for name, value in {"title": "核对说明", "reason": "核对", "effective_from": "2028-01-01"}.items():
            root.page.fill(f"#id_{name}", value)
        root.press("上传并预览")
        assert root.page.locator(f"input[value='{button}']").count() == 1, root.page.inner_text("body")
    root.press(button)
    assert "核对说明" in root.page.inner_text("body")


def main(shots: Path | None, touring: bool) -> int:
    executable = chromium()
    if executable is None:
        sys.exit("没有找到 Chromium：请安装 chromium 与中文字体 fonts-noto-cjk。")
    from playwright.sync_api import sync_playwright

    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with own.database():
        from django.db import connections

        own.build(services=20)
        people()
        feedback()
        addresses = screens()
        connections.close_all()
        with served() as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM)
            faults = walk(browser, address, shots)
            if touring:
                faults += tour(browser, address, shots, addresses)
            browser.close()
            answer = urllib.request.urlopen(f"{address}/api/v1/services/NM-01-07/?edition=third").read().decode()  # noqa: S310
    if tasks.STANDARD not in answer:
        faults.append("发布之后接口没有给出新的标准")
    print(
        "\n".join(dict.fromkeys(faults)) or "从建议到发布走通：没有严重的无障碍问题，没有被策略拦下的内容，没有英文。"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shots", type=Path, help="把每一页的截图存到这个文件夹")
    options.add_argument("--tour", action="store_true", help="走通之后，再以管理员打开每一个页面")
    arguments = options.parse_args()
    sys.exit(main(arguments.shots, arguments.tour))
