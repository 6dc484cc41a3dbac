"""A person at the desk in Chromium: every page that opens is checked, and what a task takes is counted."""

import re
from pathlib import Path
from typing import Self

PASSWORD = "沙果-1947-骏马"  # noqa: S105 - of temporary accounts
ENGLISH = re.compile(
    r"\b(Select|Save|Add|Home|Search|Change|Delete|View|History|Error|Filter|All|None|True|False|Model|object|link"
    r"|relationship|Can|Please|Choose|Remove|required|field|Today|Yesterday|Cancel|Close|Show|Hide|Now|Skip|Toggle)\b"
)
SCREEN = {"width": 1280, "height": 900}
WIDTHS = (800, 1920, 1280)  # the last one stays
# The sidebar folds in the frame after the window became narrower.
NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# The first elements that the window or a scrolling box cuts off, each with its words.
CUT_OFF = """() => {
  const cut = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) cut.push("整页要横向滚动");
  for (const at of document.querySelectorAll("#content *, .page *, main *")) {
    if (cut.length > 2 || !at.checkVisibility() || at.closest(".visually-hidden, .nav-sidebar, svg")) continue;
    const box = at.getBoundingClientRect();
    if (!box.width || box.right <= width + 1) continue;
    cut.push(`<${at.tagName.toLowerCase()} ${at.className}> ${(at.innerText || at.value || "").trim().slice(0, 20)}`);
  }
  for (const at of document.querySelectorAll(".desk-scroll, .results, .scroll")) {
    if (at.scrollWidth > at.clientWidth + 1) cut.push(`表格宽 ${at.scrollWidth}，只有 ${at.clientWidth}`);
  }
  return cut;
}"""


class Visitor:
    """A signed-in user of the desk, with the faults of every page that was opened."""

    def __init__(self, browser, address: str, name: str, shots: Path | None, *, dark: bool = False):
        from axe_playwright_python.sync_playwright import Axe

        self.axe, self.address, self.name, self.shots = Axe(), address, name, shots
        self.page = browser.new_page(locale="zh-CN", viewport=SCREEN, color_scheme="dark" if dark else "light")
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
        self.page.goto(f"{self.address}{path.removeprefix(self.address)}")
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
        number = self.shots and len(list(self.shots.glob(f"*-{SCREEN['width']}.png"))) + 1
        for width in WIDTHS:
            self.page.set_viewport_size(SCREEN | {"width": width})
            self.page.evaluate(NEXT_FRAME)
            if cut := self.page.evaluate(CUT_OFF):
                self.faults.append(f"{place}：宽 {width} 像素时被截断：{'；'.join(cut[:3])}")
            if self.shots:
                path = self.shots / f"{number:03}-{self.name}-{width}.png"
                self.page.screenshot(path=path, full_page=True, caret="initial")
        results = self.axe.run(self.page, options={"preload": False, "resultTypes": ["violations"]})
        for violation in results.response["violations"]:
            if violation["impact"] in {"critical", "serious"}:
                target = violation["nodes"][0]["target"]
                self.faults.append(
                    f"{place}：{violation['id']}（{violation['impact']}，{len(violation['nodes'])} 处，如 {target}）"
                )
        text = self.page.evaluate("document.body.innerText")
        # The page of the API's errors names its codes.
        if (english := ENGLISH.findall(text)) and "/problems/" not in self.page.url:
            self.faults.append(f"{place}：英文 {sorted(set(english))}")


class Counted:
    """Counts what a task takes, from its first page on. A field is reached with the Tab key: filling in is no click."""

    def __init__(self, visitor: Visitor, task: str, *, path: str = "/admin/"):
        self.visitor, self.page, self.task = visitor, visitor.page, task
        self.clicks = self.fields = self.height = self.tabs = 0
        self.pages = 1
        visitor.go(path)

    def click(self, at: str) -> Self:
        self.page.click(at)
        self.clicks += 1
        return self

    def follow(self, at: str) -> Self:
        """Click what opens a page, and check the page."""
        with self.page.expect_navigation():
            self.click(at)
        self.visitor.judge()
        return self.opened()

    def press(self, words: str) -> Self:
        """Reach a button or link by keyboard; it counts as a click."""
        self.visitor.press(words)
        self.clicks += 1
        return self.opened()

    def opened(self) -> Self:
        self.pages += 1
        if self.page.locator("form.desk-form").count():
            self.height = max(self.height, self.page.evaluate("document.documentElement.scrollHeight"))
        return self

    def fill(self, box: str, text: str) -> Self:
        self.page.fill(box, text)
        self.fields += 1
        return self

    def choose(self, box: str, **choice) -> Self:
        """Choose from a list: two clicks with a mouse, and a field."""
        self.page.select_option(box, **choice)
        self.clicks += 2
        self.fields += 1
        return self

    def find(self, box: str, words: str) -> Self:
        """Choose the first service that the search box finds by its name."""
        self.click(f"#id_{box} + .select2-container")
        self.page.keyboard.type(words)
        self.fields += 1
        return self.click(f".select2-results__option:text-matches('{words}.*（NM-')")

    def tab_to(self, field: str) -> Self:
        """Count the Tab presses from the start of the page to a field."""
        self.page.evaluate("document.activeElement.blur()")
        while not self.page.evaluate("field => document.activeElement.matches(field)", field):
            self.page.keyboard.press("Tab")
            self.tabs += 1
            assert self.tabs < 600, f"{self.page.url}：用 Tab 键走不到 {field}"
        return self
