"""Loads the files of ``fixtures/editions`` into editions, through ``drafts`` and ``publishing``.

Idempotent: a published edition is not changed. If its file differs from it, the load stops.
"""

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from catalogue.audit import log
from catalogue.editions import drafts
from catalogue.editions.document import edition_header, entry_data
from catalogue.editions.models import Case, Citation, Edition, Entry, FieldVerification
from catalogue.workflow import cases, publishing
from services import quoted_values
from services.fixtures import CITATION_KEYS, editor_changes, load_vocabularies
from services.json_files import FixtureError, check_keys, check_list, read_json
from services.models import LoadedRow
from services.sources import Jurisdiction, Verification
from services.vocabularies import Terms, UnknownCodeError

# ``LoadedRow.file`` of the files of editions and of cases.
EDITION_FILES, CASE_FILES = "editions", "cases"
# Number of terms listed in one message.
MAX_LISTED_TERMS = 20
EDITION_KEYS = (
    "region", "number", "slug", "title", "effective_from", "published_at", "previous", "as_of", "note",
    "digest",
)  # fmt: skip


@transaction.atomic
def load_catalogue(folder: Path, *, report: Callable[[str], None]) -> bool:
    """Load the vocabularies and editions of a folder laid out as ``fixtures/``, and publish the editions.

    Returns whether anything changed. A file that is byte for byte the one a published edition was loaded from is not
    read again. ``report`` is called with a Chinese sentence for each step, and with a reminder if terms that published
    editions refer to were changed outside the files. Raises FixtureError with file, entry and reason for a fault in the
    files; then nothing is written.
    """
    changed = _load_terms(folder / "vocabularies", report)
    terms = Terms()
    all_paths = sorted((folder / "editions").glob("*.json"))
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in all_paths}
    changed_paths = [path for path in all_paths if not _is_loaded(path, digests[path])]
    files = [
        (path, check_keys(path, None, read_json(path), ("about", "edition", "services"))) for path in changed_paths
    ]
    for path, file in files:
        _check_edition(path, check_keys(path, "edition", file["edition"], EDITION_KEYS))
    for path, file in sorted(files, key=lambda item: item[1]["edition"]["number"]):
        is_new = load_edition(path, file, terms=terms, cases_path=folder / CASE_FILES / path.name)
        changed += is_new
        LoadedRow.objects.update_or_create(file=EDITION_FILES, term=path.stem, defaults={"digest": digests[path]})
        report(f"版本 {file['edition']['slug']}：{'已装入并发布' if is_new else '没有变化'}。")
    if unread := len(all_paths) - len(changed_paths):
        report(f"版本：{unread} 个文件没有变化。")
    for path in sorted((folder / CASE_FILES).glob("*.json")):
        if _reload_cases(path):
            changed += 1
            report(f"版本 {path.stem} 的案例：已装入。")
    return bool(changed)


def _load_terms(folder: Path, report: Callable[[str], None]) -> int:
    """Load the vocabularies; return how many terms are new or changed.

    Raises FixtureError if the files change a term that a published edition refers to. Faults that an edition had
    before, because a term was changed elsewhere, are only reported; so are terms that keep the values set by editors.
    """
    start = transaction.savepoint()
    changed = load_vocabularies(folder)
    report(f"词表：{changed} 条新增或更新。" if changed else "词表：没有变化。")
    if not changed or not Edition.objects.published().exists():
        return changed
    if faults := _verification_faults():
        # Roll back to find the faults that existed before the files were loaded, then load again.
        transaction.savepoint_rollback(start)
        before = set(_verification_faults())
        load_vocabularies(folder)
        if new_faults := [sentence for sentence in faults if sentence not in before]:
            raise FixtureError(folder, None, f"改动了已发布版本所依据的内容，请改用新的代码：{new_faults[0]}")
        report(
            f"提醒：已发布的版本有 {len(faults)} 处与词表或封存时不符，例如：{faults[0]}"
            "这不是本次装入的改动，装入照常进行；请用 manage.py verify 逐处查看，在编辑台更正。"
        )
    if edited_terms := editor_changes(folder):
        more = f" 等 {len(edited_terms)} 条" if len(edited_terms) > MAX_LISTED_TERMS else ""
        report(f"提醒：编辑台改过、与文件不同的词条保留原样：{'、'.join(edited_terms[:MAX_LISTED_TERMS])}{more}。")
    return changed


def _verification_faults() -> list[str]:
    """Sentences on how published editions differ from what was sealed, or cite a source too early."""
    editions = Edition.objects.published().order_by("number")
    return [sentence for edition in editions for sentence in publishing.verify_edition(edition)]


def _is_loaded(path: Path, digest: str) -> bool:
    published = Edition.objects.published().filter(slug=path.stem).exists()
    return published and LoadedRow.objects.filter(file=EDITION_FILES, term=path.stem, digest=digest).exists()


@transaction.atomic
def load_edition(path: Path, file: Mapping, *, terms: Terms, cases_path: Path | None = None) -> bool:
    """Load one edition's file, with the file of its cases if there is one, and publish it.

    Returns whether it was new. Raises FixtureError with file, entry and reason for faults in the file, in its sourcing
    or against publishing, and if the digest in the file does not match the content; then nothing is written.
    """
    entries = [_read_entry(path, raw) for raw in check_list(path, None, "services", file["services"])]
    for key in ("code", "number"):
        values = [entry[key] for entry in entries]
        for value in values:
            if values.count(value) > 1:
                raise FixtureError(path, value, f"{key} 重复")
    raw = file["edition"]
    edition = Edition.objects.filter(slug=raw["slug"]).select_related("previous", "region").first()
    if edition and edition.is_published:
        _refuse_difference(path, edition, raw, entries)
        return False
    if edition:
        # A load leaves no draft behind, so this draft was made on the desk.
        raise FixtureError(path, "edition", f"编辑台上已有草稿“{raw['slug']}”；请先删去草稿，或给文件换一个标识")
    edition = _create_edition(path, raw, terms)
    # No reason: fixtures state the source of a value, not why it changed.
    context = log.AuditContext(at=datetime.datetime.fromisoformat(raw["published_at"]))
    for entry in entries:
        try:
            drafts.save_entry(edition, entry, terms=terms, context=context)
        except (drafts.DraftError, UnknownCodeError) as error:
            raise FixtureError(path, entry["code"], str(error)) from None
    if cases_path and cases_path.exists():
        _load_cases(cases_path, edition, {entry["code"]: entry for entry in entries})
    try:
        edition = publishing.publish(edition, context=context, from_fixtures=True)
    except publishing.NotPublishableError as error:
        raise FixtureError(path, error.faults[0].service or "edition", str(error)) from None
    if raw["digest"] is not None and raw["digest"] != edition.digest:
        raise FixtureError(path, "edition", f"内容的摘要是 {edition.digest}，文件写的是 {raw['digest']}")
    return True


def _reload_cases(path: Path) -> bool:
    """Load the cases of a published edition again if their file has changed; return whether it has."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if LoadedRow.objects.filter(file=CASE_FILES, term=path.stem, digest=digest).exists():
        return False
    edition = Edition.objects.published().filter(slug=path.stem).first()
    if edition is None:
        raise FixtureError(path, None, f"没有已发布的版本“{path.stem}”")
    entries = [entry_data(document) for document in edition.documents()]
    _load_cases(path, edition, {entry["code"]: entry for entry in entries})
    if case_failures := cases.failures(edition):
        raise FixtureError(path, case_failures[0].case, str(case_failures[0]))
    return True


def _load_cases(path: Path, edition: Edition, documents: Mapping[str, Mapping]) -> None:
    file = check_keys(path, None, read_json(path), ("about", "cases"))
    raw_cases = check_list(path, None, "cases", file["cases"])
    for raw in raw_cases:
        if reasons := cases.faults(raw, documents):
            raise FixtureError(path, raw.get("id") if isinstance(raw, dict) else raw, "；".join(reasons))
    new_cases = [
        Case(
            edition=edition,
            code=raw["id"],
            position=position,
            circumstances=raw["circumstances"],
            expected=raw["expected"],
            because=raw["because"],
        )
        for position, raw in enumerate(raw_cases, start=1)
    ]
    if repeated_codes := [code for code, count in Counter(case.code for case in new_cases).items() if count > 1]:
        raise FixtureError(path, repeated_codes[0], "编号重复")
    try:
        for case in new_cases:
            case.clean_fields(exclude=["edition"])
    except ValidationError as error:
        raise FixtureError(path, case.code, "；".join(error.messages)) from None
    edition.cases.all().delete()
    Case.objects.bulk_create(new_cases)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    LoadedRow.objects.update_or_create(file=CASE_FILES, term=path.stem, defaults={"digest": digest})


def _create_edition(path: Path, raw: Mapping, terms: Terms) -> Edition:
    previous = None
    if raw["previous"] is not None:
        previous = Edition.objects.filter(slug=raw["previous"]).first()
        if previous is None:
            raise FixtureError(path, "edition", f"没有上一版本“{raw['previous']}”")
    try:
        if datetime.datetime.fromisoformat(raw["published_at"]).tzinfo is None:
            raise FixtureError(path, "edition", "published_at 没有写明时区")
        edition = Edition(
            region=terms.region(raw["region"]),
            previous=previous,
            effective_from=datetime.date.fromisoformat(raw["effective_from"]),
            as_of=raw["as_of"] and datetime.date.fromisoformat(raw["as_of"]),
            **{key: raw[key] for key in ("number", "slug", "title", "note")},
        )
        edition.full_clean()
    except (UnknownCodeError, TypeError, ValueError) as error:
        raise FixtureError(path, "edition", str(error)) from None
    except ValidationError as error:
        raise FixtureError(path, "edition", "；".join(error.messages)) from None
    edition.save()
    return edition


def _check_edition(path: Path, raw: Mapping) -> None:
    for key in EDITION_KEYS:
        if key != "number":
            _check_text(path, "edition", key, raw[key])
    if type(raw["number"]) is not int:
        raise FixtureError(path, "edition", "number 应是整数")


def _read_entry(path: Path, raw: object) -> dict:
    """Return an entry of a file in the shape of ``entry_data()``. Raises FixtureError for a wrong shape or choice."""
    code = raw.get("code") if isinstance(raw, dict) else raw
    entry = dict(check_keys(path, code, raw, drafts.ENTRY_KEYS))
    for key in ("code", "domain", "name"):
        if not isinstance(entry[key], str) or not entry[key]:
            raise FixtureError(path, code, f"{key} 应是文字")
    if type(entry["number"]) is not int or entry["number"] < 1:
        raise FixtureError(path, code, "number 应是从 1 起的整数")
    for key in (*drafts.TEXT_COLUMNS, "lead_department"):
        _check_text(path, code, key, entry[key])
    for key in drafts.LIST_COLUMNS:
        if len(set(check_list(path, code, key, entry[key], of=str))) != len(entry[key]):
            raise FixtureError(path, code, f"{key} 应是不重复的代码列表")
        entry[key] = sorted(entry[key])
    for name, column in quoted_values.COLUMNS.items():
        if reasons := column.faults(entry[name]):
            raise FixtureError(path, code, f"{name} {reasons[0]}")
    _check_labels(path, code, entry["verification"], "verification", Verification.values)
    _check_labels(path, code, entry["basis"], "basis", FieldVerification.Basis.values)
    for citation in check_list(path, code, "citations", entry["citations"]):
        _check_citation(path, code, citation)
    return entry


def _check_text(path: Path, code: str, key: str, value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value.strip() or "\0" in value):
        raise FixtureError(path, code, f"{key} 应是文字；未知请写 null，不写空字符串")


def _check_labels(path: Path, code: str, labels: object, key: str, allowed: list[str]) -> None:
    if not isinstance(labels, dict):
        raise FixtureError(path, code, f"{key} 应是一个对象")
    for field, label in labels.items():
        if field not in Entry.SOURCED_FIELDS:
            raise FixtureError(path, code, f"{key} 中没有字段“{field}”")
        if label not in allowed:
            raise FixtureError(path, code, f"{key} 的 {field} 是“{label}”，可用：{'、'.join(allowed)}")


def _check_citation(path: Path, code: str, citation: object) -> None:
    criterion = ["criterion"] if isinstance(citation, dict) and "criterion" in citation else []
    check_keys(path, code, citation, ("field", *CITATION_KEYS, "jurisdiction", *criterion))
    if criterion and (type(citation["criterion"]) is not int or citation["criterion"] < 1):
        raise FixtureError(path, code, "来源的 criterion 应是从 1 起的整数")
    fields = [field for field, _ in Citation.FIELDS]
    for key, allowed in (("field", fields), ("verification", Verification.values)):
        if citation[key] not in allowed:
            raise FixtureError(path, code, f"来源的 {key} 是“{citation[key]}”，可用：{'、'.join(allowed)}")
    if citation["jurisdiction"] not in (None, *Jurisdiction.values):
        raise FixtureError(path, code, f"来源的 jurisdiction 是“{citation['jurisdiction']}”")
    for key in ("source", "locator", "quote"):
        _check_text(path, code, key, citation[key])


def _refuse_difference(path: Path, edition: Edition, raw: Mapping, entries: list[dict]) -> None:
    header = {"as_of": None} | edition_header(edition) | {"region": edition.region.code}
    header["previous"] = header["previous"] and header["previous"]["slug"]
    for key, value in header.items():
        if raw[key] != value:
            raise FixtureError(path, "edition", f"版本已发布，{key} 不能改动；请恢复原样，或另立新版本")
    if raw["digest"] not in (None, edition.digest):
        raise FixtureError(path, "edition", f"文件写的摘要与已发布的 {edition.digest} 不同")
    sealed = {entry["code"]: entry for entry in map(entry_data, edition.documents())}
    for entry in entries:
        if sealed.pop(entry["code"], None) != entry:
            raise FixtureError(path, entry["code"], "版本已发布，条目不能改动；请恢复原样，或另立新版本")
    if sealed:
        raise FixtureError(path, next(iter(sealed)), "版本已发布，条目不能删去；请恢复原样，或另立新版本")
