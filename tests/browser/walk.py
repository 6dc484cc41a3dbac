"""Four people take a proposal to a published edition on the desk in Chromium: ``python -m tests.browser.walk``.

Every button is reached with the Tab key and pressed with Enter. Every page has no critical or serious violation of axe,
no violation of the content security policy, no script error, and no English word.
"""

import argparse
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests.faults import own

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PASSWORD = "沙果-1947-骏马"  # noqa: S105 - of temporary accounts
ENGLISH = re.compile(
    r"\b(Select|Save|Add|Home|Search|Change|Delete|View|History|Error|Filter|All|None|True|False|Model|object|link"
    r"|relationship|Can|Please|Choose|Remove|required|field|Today|Yesterday|Cancel|Close|Show|Hide|Now|Skip|Toggle)\b"
)
CHROMIUM = ("--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking")
PEOPLE = {"wang": ("编辑", "civil-affairs"), "li": ("评估", None), "zhao": ("审批", None), "sun": ("发布", None)}
STANDARD = "自治区平均标准：孤儿集中供养每人每月2300元。"


def chromium() -> str | None:
    """Return the path of an installed browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def people() -> None:
    """Make an administrator and an account for each role."""
    from django.contrib.auth.models import Group, User

    from catalogue.models import Membership
    from services.models import Department

    User.objects.create_superuser("root", password=PASSWORD)
    for name, (role, department) in PEOPLE.items():
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        if department:
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


class Visitor:
    """A signed-in user of the desk; every page that opens is checked."""

    def __init__(self, browser, address: str, name: str, shots: Path | None):
        from axe_playwright_python.sync_playwright import Axe

        self.axe, self.address, self.name, self.shots = Axe(), address, name, shots
        self.page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 900})
        self.faults: list[str] = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.go("/admin/login/")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", PASSWORD)
        self.press("登录")

    def hear(self, message) -> None:
        # Messages without a URL come from axe, which adds a style; 422 is the status of a form with errors.
        if message.type == "error" and message.location["url"] and "422" not in message.text:
            self.faults.append(f"{message.text}（{message.location['url']}）")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")
        self.judge()

    def press(self, words: str) -> None:
        """Move to a button or link with the Tab key and press Enter."""
        self.page.evaluate("document.activeElement.blur()")
        for _ in range(600):
            self.page.keyboard.press("Tab")
            label = self.page.evaluate(
                "(document.activeElement.innerText || document.activeElement.value || '').trim()"
            )
            if label == words:
                with self.page.expect_navigation():
                    self.page.keyboard.press("Enter")
                self.judge()
                return
        raise AssertionError(f"{self.page.url}：用 Tab 键走不到“{words}”")

    def judge(self) -> None:
        place = f"{self.page.title()}（{self.page.url.removeprefix(self.address)}）"
        if self.shots:
            number = len(list(self.shots.glob("*.png"))) + 1
            self.page.screenshot(path=self.shots / f"{number:02}-{self.name}.png", full_page=True, caret="initial")
        results = self.axe.run(self.page, options={"preload": False, "resultTypes": ["violations"]})
        for violation in results.response["violations"]:
            if violation["impact"] in {"critical", "serious"}:
                target = violation["nodes"][0]["target"]
                self.faults.append(
                    f"{place}：{violation['id']}（{violation['impact']}，{len(violation['nodes'])} 处，如 {target}）"
                )
        text = self.page.evaluate("document.body.innerText")
        if english := ENGLISH.findall(text):
            self.faults.append(f"{place}：英文 {sorted(set(english))}")


def walk(browser, address: str, shots: Path | None) -> list[str]:
    """Take a proposal to a published edition; return every fault."""
    faults = []

    def visit(name: str) -> Visitor:
        return Visitor(browser, address, name, shots)

    wang = visit("wang")
    wang.go("/admin/catalogue/entry/?edition=first")
    wang.press("特殊儿童群体基本生活保障")
    raise_standard(wang)
    proposal = wang.page.url
    for form in ("?field=eligibility&field=content", ""):
        wang.go(f"{proposal.removeprefix(address).removesuffix('change/')}entries/NM-01-07/{form}")
    try_a_rule(wang)
    wang.go(proposal.removeprefix(address))
    for task in (withdraw_a_service, add_a_service, merge_services):
        task(wang)
    wang.go(proposal.removeprefix(address))
    wang.press("提交")
    assert "待评估" in wang.page.inner_text("dl.desk-facts"), wang.page.inner_text("body")
    faults += wang.faults

    li = visit("li")
    li.press("第 3 号（调整）：调整“特殊儿童群体基本生活保障”的服务标准")
    li.press("评估")
    line = {"label": "全区", "beneficiaries": "6741", "old_standard": "1830", "new_standard": "1920", "periods": "12"}
    shares = {"share_centre": "50", "share_region": "30", "share_league": "15", "share_banner": "0"}
    for name, value in (line | shares).items():
        li.page.fill(f"#id_lines-0-{name}", value)
    assert "合计 95%，还差 5%" in li.page.inner_text("#row-lines-0"), li.page.inner_text("#row-lines-0")
    li.page.fill("#id_lines-0-share_league", "20")
    assert "比原来增加 728.03万元" in li.page.inner_text("#row-lines-0"), li.page.inner_text("#row-lines-0")
    li.page.fill("#id_funding_source", "一般公共预算")
    li.page.select_option("#id_lines-0-period", "month")
    li.page.select_option("#id_conclusion", "affordable")
    li.press("完成评估")
    assert "7,280,280" in li.page.inner_text("body")
    faults += li.faults

    zhao = visit("zhao")
    zhao.press("第 3 号（调整）：调整“特殊儿童群体基本生活保障”的服务标准")
    zhao.page.fill("#reason-approve", "同意")
    zhao.press("批准")
    assert "已批准" in zhao.page.inner_text("dl.desk-facts")
    faults += zhao.faults

    sun = visit("sun")
    sun.go("/admin/catalogue/edition/add/")
    for name, value in {"slug": "third", "title": "清单（2027年6月版）", "effective_from": "2027-06-01"}.items():
        sun.page.fill(f"#id_{name}", value)
    sun.press("保存")
    sun.go(proposal.removeprefix(address))
    sun.press("编入版本")
    sun.press("third")
    sun.press("核对并发布…")
    sun.press("发布版本 third")
    assert "已发布" in sun.page.inner_text(".messagelist")
    sun.go("/admin/catalogue/edition/")
    sun.go("/admin/catalogue/fieldverification/")
    faults += sun.faults
    return faults


# The main job: raise a standard by a new document. What it may take, from the page of the entry to the saved draft.
MOST = {"clicks": 12, "boxes": 8, "pages": 3, "height": 1150, "tabs": 15}


def raise_standard(editor: Visitor) -> None:
    """Raise a standard by a document that is not stored yet, and compare what it takes with ``MOST``."""
    page, taken = editor.page, {"pages": 1}

    def press(words: str) -> None:
        editor.press(words)
        taken["pages"] += 1

    page.check("[name=field][value=standard]")
    press("提出调整建议")
    taken["height"] = page.evaluate("document.documentElement.scrollHeight")
    for tabs in range(1, MOST["tabs"] + 1):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "id_standard":
            taken["tabs"] = tabs
            break
    clauses = page.locator("[type=radio][value=replace]")
    for clause in clauses.all():
        clause.check()
    page.click(".desk-new-source summary")
    texts = {
        "#id_standard": STANDARD,
        "#id_standard_as_of": "2026",
        "[name^='figure-'][name$='-value'] >> nth=0": "2300",
        "#id_new-0-document-title": "关于提高孤儿基本生活费标准的通知",
        "#id_new-0-locator": "第一条",
        "#id_new-0-quote": STANDARD,
        "#id_document_number": "内民政发〔2026〕18号",
        "#id_effective_from": "2027-06-01",
    }
    for box, text in texts.items():
        page.fill(box, text)
    page.locator(".desk-saved", has_text="已保存").wait_for()
    page.reload()
    editor.judge()
    assert "自动保存、尚未提交的内容" in page.inner_text(".desk-restored")
    press("保存草稿")
    # Both buttons, the choice of the field, the fold of the new document, and an answer for each old clause.
    taken |= {"clicks": 4 + clauses.count(), "boxes": len(texts)}
    assert "已保存" in page.inner_text(".messagelist"), page.inner_text("body")
    too_much = {name: count for name, count in MOST.items() if taken.get(name, count + 1) > count}
    assert not too_much, f"提高一项标准要 {taken}，至多 {MOST}"


# What each of the rarer proposals may take, from the home page to the saved draft.
MOST_CLICKS = {"取消": 8, "新增": 14, "合并": 14}
MOST_BOXES = 8


class Counted:
    """Counts the clicks and the boxes that are filled in while an assistant is used, with a mouse."""

    def __init__(self, editor: Visitor):
        self.editor, self.page = editor, editor.page
        self.clicks = self.boxes = 0

    def click(self, at: str) -> None:
        self.page.click(at)
        self.clicks += 1

    def follow(self, at: str) -> None:
        with self.page.expect_navigation():
            self.click(at)
        self.editor.judge()

    def fill(self, box: str, text: str) -> None:
        self.page.fill(box, text)
        self.boxes += 1

    def find(self, box: str, words: str) -> None:
        """Choose the first service that the search box finds by its name."""
        self.click(f"#id_{box} + .select2-container")
        self.page.keyboard.type(words)
        self.boxes += 1
        self.click(f".select2-results__option:text-matches('^NM-.*{words}')")

    def document(self) -> None:
        self.click(".desk-new-source summary")
        self.fill("#id_new-0-document-title", "关于规范儿童福利项目的通知")

    def end(self, kind: str) -> None:
        self.fill("#id_effective_from", "2027-06-01")
        self.follow("input[value=保存草稿]")
        assert "已保存" in self.page.inner_text(".messagelist"), self.page.inner_text("body")
        assert self.clicks <= MOST_CLICKS[kind], f"{kind}要点 {self.clicks} 次，至多 {MOST_CLICKS[kind]}"
        assert self.boxes <= MOST_BOXES, f"{kind}要填 {self.boxes} 栏，至多 {MOST_BOXES}"


def begin(editor: Visitor, kind: str) -> Counted:
    editor.go("/admin/")
    counted = Counted(editor)
    counted.follow(f".desk-other-jobs a:text-is('{kind}')")
    return counted


def withdraw_a_service(editor: Visitor) -> None:
    counted = begin(editor, "取消")
    counted.find("services", "留守儿童")
    counted.find("successors", "困境儿童")
    counted.document()
    counted.end("取消")
    assert "提交前须处理" not in editor.page.inner_text("body")


def add_a_service(editor: Visitor) -> None:
    counted = begin(editor, "新增")
    editor.page.select_option("#id_domain", index=1)
    counted.clicks += 2
    counted.boxes += 1
    counted.fill("#id_name", "儿童心理关爱")
    counted.fill("#id_content", "每年一次心理健康服务")
    counted.click(".desk-new-source summary")
    counted.fill("#id_new-0-document-title", "关于儿童心理关爱服务的通知")
    counted.fill("#id_new-0-locator", "第一条")
    counted.fill("#id_new-0-quote", "儿童心理关爱：每年一次心理健康服务。")
    counted.end("新增")
    assert "提交前须处理" not in editor.page.inner_text("body")
    assert "项内容未知" in editor.page.inner_text("body")


def merge_services(editor: Visitor) -> None:
    counted = begin(editor, "合并")
    counted.find("services", "特殊儿童")
    counted.find("services", "困境儿童")
    counted.follow("input[value=下一步]")
    counted.fill("#id_own_name", "困境儿童综合保障")
    counted.click("[name=choice_eligibility] >> nth=1")
    counted.click(".desk-new-source summary")
    counted.fill("#id_new-0-document-title", "关于合并儿童保障项目的通知")
    counted.fill("#id_new-0-locator", "第二条")
    counted.fill("#id_new-0-quote", "合并为困境儿童综合保障。")
    counted.end("合并")
    assert "由以下项目承接：NM-01-" in editor.page.inner_text("body")


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
    return [*paths, reverse("home"), services, f"{services}?q=儿童", f"{services}?q=无此项"]


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
    return root.faults


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
            browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM))
            faults = walk(browser, address, shots)
            if touring:
                faults += tour(browser, address, shots, addresses)
            browser.close()
            answer = urllib.request.urlopen(f"{address}/api/v1/services/NM-01-07/?edition=third").read().decode()  # noqa: S310
    if STANDARD not in answer:
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
