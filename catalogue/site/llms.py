"""``/llms.txt``: the entry point for language models (llmstxt.org); it lists an edition's services by domain. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from catalogue.editions.public import imprint
from catalogue.site.markdown import text

SUMMARY = (
    "内蒙古自治区基本公共服务项目：每项服务给谁、给什么、谁负责、依据哪一条，每个值都注明出处。"
    "An open, versioned list of the basic public services of Inner Mongolia; every value traces to a clause."
)
# Rules for answers that a language model makes from this list.
RULES = (
    "未知就说未知：没有的值写作 null、空列表或“未知”，不要推测，也不要用别处的说法补上。",
    "每个字段有核实情况：原文核对（verbatim，字句都见于所引原文）、转述（secondary）、未核实（unverified）。转述和未核实的要说明。",
    "引用时注明服务代码、版本标识、版本摘要（SHA-256）和所据条款。已发布的版本不再改变。",
    "标准中的数字只在注明的时点成立。能否享受，以牵头负责单位的认定为准。",
)


def page(edition: Mapping[str, str], documents: Iterable[Mapping], *, root: str) -> str:
    """Return the file. ``edition`` is the imprint; ``root`` is scheme and host, without a trailing slash."""
    return "\n".join(_lines(edition, documents, root)) + "\n"


def _lines(edition: Mapping[str, str], documents: Iterable[Mapping], root: str) -> Iterator[str]:
    yield from (f"# {imprint.TITLE}", "", f"> {SUMMARY}", "")
    yield f"- 施行中的版本：{text(edition['title'])}（`{edition['edition']}`），自 {edition['effective_from']} 起施行"
    yield f"- 版本摘要（SHA-256）：`{edition['digest']}`"
    yield f"- 许可：[{edition['licence']}]({edition['licence_url']})；来源：{text(edition['source'])}"
    yield f"- {text(edition['disclaimer'])}"
    yield from (f"- {sentence}" for sentence in RULES)
    yield from ("", "## 怎样查询", "")
    yield from (f"- [{name}]({root}{path}): {words}" for name, path, words in _links(edition["edition"]))
    for code, group in groupby(sorted(documents, key=_domain), key=_domain):
        documents = list(group)
        yield from ("", f"## {code} {text(documents[0]['domain']['name'])}", "")
        for document in documents:
            code, english = document["code"], document["name_en"]
            description = f"{code}；{text(english)}" if english else code
            yield f"- [{text(document['name'])}]({root}/services/{code}.md): {description}"


def _domain(document: Mapping) -> str:
    return document["domain"]["code"]


def _links(slug: str) -> list[tuple[str, str, str]]:
    return [
        ("接口入口", "/api/v1/", "JSON，不需要账号；每个列表都分页"),
        ("接口说明", "/api/v1/schema/", "OpenAPI 3.1"),
        (
            "服务项目清单",
            "/api/v1/services/",
            "q 检索，按领域、服务对象、单位、核实情况筛选；edition 选择版本",
        ),
        ("资格判断", "/api/v1/entitlements/", "POST 个人情况，答复能享受哪些服务、为什么、还要问什么；不保存任何内容"),
        ("事实词表", "/api/v1/facts/", "资格判断可以问到的事实、类型与可选值"),
        ("版本", "/api/v1/editions/", "所有已发布版本及其摘要"),
        ("本版规范内容", f"/api/v1/editions/{slug}/content/", "这些字节的 SHA-256 就是版本摘要"),
        ("变更流", "/api/v1/changes/", "所有版本的新增、调整与取消；用 after 从上次的游标读起"),
        ("变更订阅", "/feeds/changes.atom", "同样的变更，Atom 格式"),
        ("永久地址", "/id/services/NM-05-01", "按 Accept 转到网页、JSON、RDF 或 Markdown；换上任何服务代码"),
    ]
