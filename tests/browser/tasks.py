"""The seven tasks of the desk, each done by the person whose task it is, and what each may take."""

from tests.browser.visitor import Counted, Visitor

STANDARD = "自治区平均标准：孤儿集中供养每人每月2300元。"
SEARCH = ".select2-container *"
# What the title of each proposal that is published contains; the first two need an assessment.
TITLES = ("特殊儿童群体", "儿童心理关爱", "留守儿童")
# What a task may take: clicks, fields filled in, pages from the first to the last one, the height of the tallest form
# in pixels at a width of 1280, and the Tab presses to the first field. 发布 makes the edition too.
COUNTS = ("clicks", "fields", "pages", "height", "tabs")
ONE_SCREEN = 1400
GOALS = {
    "提高标准": (12, 8, 3, ONE_SCREEN, 15),
    "新增": (14, 9, 3, ONE_SCREEN, 15),
    "取消": (8, 5, 3, ONE_SCREEN, 15),
    "合并": (14, 9, 4, 2000, 15),
    "评估": (17, 14, 4, ONE_SCREEN, 15),
    "审批": (3, 1, 3, 0, 0),
    "发布": (3 + 3 * len(TITLES) + 10, 3, 6 + 3 * len(TITLES), 0, 0),
}


def report(counted: list[Counted]) -> tuple[str, list[str]]:
    """Return a table of what the tasks took, and each count above its goal."""
    rows, faults = ["任务 | 点击 | 填写 | 页面 | 最高的表单（像素） | Tab 到第一栏"], []
    for task in counted:
        took = [getattr(task, count) for count in COUNTS]
        goals = GOALS[task.task]
        rows.append(f"{task.task} | " + " | ".join(f"{one}/{most}" for one, most in zip(took, goals, strict=True)))
        if any(one > most for one, most in zip(took, goals, strict=True)):
            faults.append(f"{task.task}超过目标：{rows[-1]}")
    missing = GOALS.keys() - {task.task for task in counted}
    return "\n".join(rows), faults + [f"没有做：{task}" for task in sorted(missing)]


def raise_standard(editor: Visitor) -> Counted:
    """Raise a standard by a document that is not stored yet; leave the form half filled in, and go on."""
    editor.go("/admin/catalogue/entry/?edition=first")
    editor.press("特殊儿童群体基本生活保障")
    task = Counted(editor, "提高标准", path=editor.page.url)
    page = task.click("[name=field][value=standard]").page
    task.press("提出调整建议").tab_to("#id_standard")
    for clause in page.locator("[type=radio][value=replace]").all():
        clause.check()
        task.clicks += 1
    task.click(".desk-new-source summary")
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
        task.fill(box, text)
    page.locator(".desk-saved", has_text="已保存").wait_for()
    page.reload()
    editor.judge()
    assert "自动保存、尚未提交的内容" in page.inner_text(".desk-restored")
    task.press("保存草稿")
    assert "已保存" in page.inner_text(".messagelist"), page.inner_text("body")
    return task


def begin(editor: Visitor, kind: str) -> Counted:
    """Open the assistant of a kind of proposal from the home page."""
    return Counted(editor, kind).follow(f".desk-other-jobs a:text-is('{kind}')")


def save(task: Counted) -> Counted:
    task.fill("#id_effective_from", "2027-06-01").follow("input[value=保存草稿]")
    assert "已保存" in task.page.inner_text(".messagelist"), task.page.inner_text("body")
    return task


def add_a_service(editor: Visitor) -> Counted:
    task = begin(editor, "新增").tab_to("#id_domain").choose("#id_domain", index=1)
    task.fill("#id_name", "儿童心理关爱").fill("#id_content", "每年一次心理健康服务")
    task.click(".desk-new-source summary").fill("#id_new-0-document-title", "关于儿童心理关爱服务的通知")
    task.fill("#id_new-0-locator", "第一条").fill("#id_new-0-quote", "儿童心理关爱：每年一次心理健康服务。")
    words = save(task).page.inner_text("body")
    assert "项内容未知" in words and "提交前须处理" not in words, words
    return task


def withdraw_a_service(editor: Visitor) -> Counted:
    task = begin(editor, "取消").tab_to(SEARCH).find("services", "留守儿童").find("successors", "困境儿童")
    task.click(".desk-new-source summary").fill("#id_new-0-document-title", "关于规范儿童福利项目的通知")
    assert "提交前须处理" not in save(task).page.inner_text("body")
    return task


def merge_services(editor: Visitor) -> Counted:
    task = begin(editor, "合并").tab_to(SEARCH).find("services", "特殊儿童").find("services", "困境儿童")
    task.follow("input[value=下一步]").fill("#id_own_name", "困境儿童综合保障")
    task.click("[name=choice_eligibility] >> nth=1").click(".desk-new-source summary")
    task.fill("#id_new-0-document-title", "关于合并儿童保障项目的通知")
    task.fill("#id_new-0-locator", "第二条").fill("#id_new-0-quote", "合并为困境儿童综合保障。")
    assert "由以下项目承接：NM-01-" in save(task).page.inner_text("body")
    return task


def assess(assessor: Visitor, title: str) -> Counted:
    task = Counted(assessor, "评估").follow(f"a:text-matches('{title}')").press("评估").tab_to("#id_lines-0-label")
    page = task.page
    line = {"label": "全区", "beneficiaries": "6741", "old_standard": "1830", "new_standard": "1920", "periods": "12"}
    shares = {"share_centre": "50", "share_region": "30", "share_league": "15", "share_banner": "0"}
    for name, value in (line | shares).items():
        task.fill(f"#id_lines-0-{name}", value)
    assert "合计 95%，还差 5%" in page.inner_text("#row-lines-0"), page.inner_text("#row-lines-0")
    page.fill("#id_lines-0-share_league", "20")
    task.choose("#id_lines-0-period", value="month")
    assert "比原来增加 728.03万元" in page.inner_text("#row-lines-0"), page.inner_text("#row-lines-0")
    task.fill("#id_funding_source", "一般公共预算").choose("#id_conclusion", value="affordable").press("完成评估")
    assert "7,280,280" in page.inner_text("body")
    return task


def approve(approver: Visitor, title: str) -> Counted:
    task = Counted(approver, "审批").follow(f"a:text-matches('{title}')").fill("#reason-approve", "同意").press("批准")
    assert "已批准" in task.page.inner_text("dl.desk-facts")
    return task


def publish(publisher: Visitor) -> Counted:
    """Make an edition, include the proposals, and publish it."""
    task = Counted(publisher, "发布").follow("#content-main a.addlink[href$='/edition/add/']")
    for name, value in {"slug": "third", "title": "清单（2027年6月版）", "effective_from": "2027-06-01"}.items():
        task.fill(f"#id_{name}", value)
    task.press("保存")
    for title in TITLES:
        task.follow(".breadcrumbs a:text-is('首页')").follow(f"#content-main a:text-matches('{title}')")
        task.press("编入版本")
    task.follow(".desk-facts a:text-is('third')").press("核对并发布…").press("发布版本 third")
    assert "已发布" in task.page.inner_text(".messagelist"), task.page.inner_text("body")
    return task
