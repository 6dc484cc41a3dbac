"""Loads the vocabulary files of ``fixtures/vocabularies`` into the database.

Terms are never deleted: a term that its file no longer contains stays in the database unchanged.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models, transaction

from services.json_files import FixtureError, check_keys, check_list, read_json
from services.models import (
    Contact,
    Department,
    Domain,
    Indicator,
    LoadedRow,
    Observation,
    Project,
    ProjectGroup,
    Region,
    Service,
    Synonym,
    SynonymTarget,
    TargetGroup,
    Task,
    Topic,
    TopicService,
)
from services.sources import Source, Verification
from services.values.identifiers import Identifier

CITATION_KEYS = ("source", "locator", "quote", "verification")
# The natural key of a model whose natural key is not ``code``.
KEY_FIELDS = {Synonym: "word"}


@transaction.atomic
def load_vocabularies(folder: Path) -> int:
    """Load every file of a folder of vocabularies; return the number of new or changed terms.

    Idempotent, keyed on ``code``: a term that its file has not changed since it was last loaded keeps the editors'
    changes, including its deletion. Raises FixtureError, with file, entry and reason, for a misspelt code, a missing
    citation, a duplicate or a value that the model refuses; then nothing is written.
    """
    changed = 0
    for name, load in LOADERS.items():
        path = folder / f"{name}.json"
        file = check_keys(path, None, read_json(path), ("about", "terms"))
        file_loader = _FileLoader(path)
        for position, raw in file_loader.changed_terms(check_list(path, None, "terms", file["terms"])):
            load(file_loader, position, raw)
        changed += len(file_loader.changed)
    return changed


@transaction.atomic
def editor_changes(folder: Path) -> list[str]:
    """Return the terms of the files that editors changed or deleted, each as its vocabulary and code.

    Loads every term as if its file were new and rolls the changes back. A term that cannot be loaded because of the
    editors' other changes counts as changed. Expects files that ``load_vocabularies()`` accepts.
    """
    differing = []
    start = transaction.savepoint()
    for name, load in LOADERS.items():
        path = folder / f"{name}.json"
        file_loader = _FileLoader(path)
        for position, raw in enumerate(read_json(path)["terms"], start=1):
            try:
                load(file_loader, position, raw)
            except FixtureError as error:
                file_loader.changed[str(error)] = None
        differing += file_loader.changed
    transaction.savepoint_rollback(start)
    return differing


class _FileLoader:
    """The state of loading one file: the keys saved so far, and the existing terms of each model by key."""

    def __init__(self, path: Path):
        self.path = path
        # The new or changed terms in order, without duplicates.
        self.changed: dict[str, None] = {}
        self._saved_keys: set[tuple] = set()
        self._existing: dict[type[models.Model], dict] = {}

    def changed_terms(self, terms: list) -> Iterator[tuple[int, object]]:
        """Yield the terms that are new or changed in the file, with positions from 1; then store their digests."""
        loaded_digests = dict(LoadedRow.objects.filter(file=self.path.stem).values_list("term", "digest"))
        seen_terms, loaded_rows = set(), []
        for position, raw in enumerate(terms, start=1):
            term = _term_key(raw)
            if term in seen_terms:
                raise FixtureError(self.path, term, f"{'词语' if 'word' in raw else '代码'}重复")
            text = json.dumps([position, raw], ensure_ascii=False, sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()
            if term is None or loaded_digests.get(term) != digest:
                yield position, raw
                loaded_rows.append(LoadedRow(file=self.path.stem, term=term, digest=digest))
            seen_terms.add(term)
        LoadedRow.objects.bulk_create(
            loaded_rows, update_conflicts=True, unique_fields=["file", "term"], update_fields=["digest"]
        )

    def read(self, raw: object, keys: Iterable[str], *, cited: bool = True) -> Mapping:
        """Return a term that has exactly these keys, with the columns of its citation in place of ``citation``."""
        entry = _term_key(raw) or raw
        values = dict(check_keys(self.path, entry, raw, [*keys, "citation"] if cited else keys))
        if cited:
            values |= self.citation(entry, values.pop("citation"))
        return values

    def citation(self, entry: object, raw: object) -> dict:
        if raw is None:
            raise FixtureError(self.path, entry, "没有来源（citation）")
        values = dict(check_keys(self.path, entry, raw, CITATION_KEYS))
        return values | {"source": self.find(Source, values["source"], entry)}

    def find(self, model: type[models.Model], code: str, entry: object) -> models.Model:
        terms = self._terms(model)
        if not isinstance(code, str) or code not in terms:
            raise FixtureError(self.path, entry, f"{model._meta.verbose_name}中没有代码“{code}”")
        return terms[code]

    def save(self, model: type[models.Model], values: dict) -> models.Model:
        """Write a term, by its natural key (``KEY_FIELDS``), if it is new or differs; return it."""
        key = KEY_FIELDS.get(model, "code")
        code = values[key]
        if not isinstance(code, str):
            raise FixtureError(self.path, code, f"{key} 应是文字")
        if (model, code) in self._saved_keys:
            raise FixtureError(self.path, code, f"{model._meta.get_field(key).verbose_name}重复")
        self._saved_keys.add((model, code))
        terms = self._terms(model)
        term = terms.get(code) or model()
        try:
            columns = {key: _column_value(term, key, value) for key, value in values.items()}
            if term.pk and all(getattr(term, name) == value for name, value in columns.values()):
                return term
            for name, value in columns.values():
                setattr(term, name, value)
            term.full_clean()
        except ValidationError as error:
            raise FixtureError(self.path, code, "；".join(error.messages)) from None
        term.save()
        self.note_change(term)
        terms[code] = term
        return term

    def check_row(self, row: models.Model, entry: str, *, exclude: Iterable[str]) -> None:
        """Raise FixtureError if a row is invalid; constraints on any column of ``exclude`` are not checked."""
        texts = [field.name for field in row._meta.concrete_fields if isinstance(field, models.CharField)]
        try:
            if wrong := [name for name in texts if not isinstance(getattr(row, name), str | None)]:
                raise ValidationError(f"{'、'.join(wrong)} 应是文字")
            row.clean_fields()
            row.validate_constraints(exclude=exclude)
        except ValidationError as error:
            raise FixtureError(self.path, entry, "；".join(error.messages)) from None

    def set_services(self, term: models.Model, codes: object) -> None:
        """Link a saved term to services. Raises FixtureError if ``codes`` is not a list of codes of services."""
        check_list(self.path, term.code, "services", codes, of=str)
        if {service.code for service in term.services.all()} != set(codes):
            term.services.set(self.find(Service, code, term.code) for code in codes)
            self.note_change(term)

    def note_change(self, term: models.Model) -> None:
        self.changed[f"{term._meta.verbose_name} {getattr(term, KEY_FIELDS.get(type(term), 'code'))}"] = None

    @cached_property
    def synonym_services(self) -> dict[str, list[str]]:
        """The codes of the services of each synonym, in order, as they were before this file was loaded."""
        codes_by_word: dict[str, list[str]] = {}
        for word, code in Synonym.objects.pairs():
            codes_by_word.setdefault(word, []).append(code)
        return codes_by_word

    def _terms(self, model: type[models.Model]) -> dict:
        if model not in self._existing:
            key = KEY_FIELDS.get(model, "code")
            self._existing[model] = {getattr(term, key): term for term in model.objects.all()}
        return self._existing[model]


def _term_key(raw: object) -> str | None:
    """The code or word of a term in a file, None if it has none that is text."""
    name = raw.get("code", raw.get("word")) if isinstance(raw, dict) else None
    return name if isinstance(name, str) else None


def _column_value(term: models.Model, key: str, value: object) -> tuple[str, object]:
    """Return a column's name and its value converted to the type of the column: "85.5" becomes Decimal("85.5")."""
    field = term._meta.get_field(key)
    if field.is_relation:
        return field.attname, value and value.pk
    if isinstance(field, models.CharField | models.TextField) and not isinstance(value, str | None):
        raise ValidationError(f"{key} 应是文字")
    if isinstance(value, str) and not value.strip():
        raise ValidationError(f"{key} 为空字符串；未知请写 null")
    return key, field.to_python(value)


def _load_source(file: _FileLoader, position: int, raw: object) -> None:
    keys = (
        "code", "title", "issuer", "document_number", "date", "in_force_from", "kind", "jurisdiction", "extent_read",
        "read_in", "url", "note",
    )  # fmt: skip
    file.save(Source, file.read(raw, keys, cited=False) | {"position": position})


def _load_replacement(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "replaced_by"), cited=False)
    code = values["code"]
    file.find(Source, code, code)
    file.save(Source, {"code": code, "replaced_by": file.find(Source, values["replaced_by"], code)})


def _load_service(file: _FileLoader, position: int, raw: object) -> None:
    file.save(Service, file.read(raw, ("code",), cited=False))


def _load_region(file: _FileLoader, position: int, raw: object) -> None:
    file.save(Region, file.read(raw, ("code", "name", "name_en")) | {"position": position})


def _load_domain(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "name", "name_en", "goal", "tasks"))
    tasks = values.pop("tasks")
    domain = file.save(Domain, values | {"position": position})
    for place, task in enumerate(check_list(file.path, domain.code, "tasks", tasks), start=1):
        values = file.read(task, ("code", "heading", "text", "services"))
        codes = values.pop("services")
        file.set_services(file.save(Task, values | {"domain": domain, "position": place}), codes)


def _load_department(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "name", "short_name", "name_en", "level", "kind", "contacts", "note"))
    contacts = values.pop("contacts")
    department = file.save(Department, values | {"position": position})
    contacts = [
        _read_contact(file, department, contact)
        for contact in check_list(file.path, department.code, "contacts", contacts)
    ]
    if len({contact.kind for contact in contacts}) < len(contacts):
        raise FixtureError(file.path, department.code, "contacts 每一类至多一个")
    if {_contact_values(contact) for contact in department.contacts.all()} != set(map(_contact_values, contacts)):
        department.contacts.all().delete()
        Contact.objects.bulk_create(contacts)
        file.note_change(department)


def _read_contact(file: _FileLoader, department: Department, raw: object) -> Contact:
    contact = check_keys(file.path, department.code, raw, ("kind", "value", "citation"))
    citation = file.citation(department.code, contact["citation"])
    row = Contact(department=department, kind=contact["kind"], value=contact["value"], **citation)
    file.check_row(row, department.code, exclude=["department", "kind"])
    return row


def _contact_values(contact: Contact) -> tuple:
    return contact.kind, contact.value, contact.source_id, contact.locator, contact.quote, contact.verification


def _load_target_group(file: _FileLoader, position: int, raw: object) -> None:
    keys = ("code", "name", "name_en", "definition", "note")
    file.save(TargetGroup, file.read(raw, keys) | {"position": position})


def _load_indicator(file: _FileLoader, position: int, raw: object) -> None:
    keys = (
        "code", "number", "domain", "name", "name_en", "unit", "operator", "target_value", "target_text", "target_year",
        "nature", "services", "note", "baseline",
    )  # fmt: skip
    values = file.read(raw, keys)
    code, services, baseline = values["code"], values.pop("services"), values.pop("baseline")
    if baseline is not None:
        baseline = check_keys(file.path, code, baseline, ("value", "year", "citation"))
        citation = file.citation(code, baseline["citation"])
        if citation["verification"] != Verification.VERBATIM or not citation["quote"]:
            raise FixtureError(file.path, code, "基期值须照录原文（verbatim）")
        values |= {
            "baseline_value": baseline["value"],
            "baseline_period": baseline["year"],
            "baseline_source": citation["source"],
            "baseline_locator": citation["locator"],
            "baseline_quote": citation["quote"],
        }
    else:
        empty = ("value", "period", "source", "locator", "quote")
        values |= {f"baseline_{name}": None for name in empty}
    domain = values["domain"] and file.find(Domain, values["domain"], code)
    indicator = file.save(Indicator, values | {"domain": domain})
    file.set_services(indicator, services)


def _load_observation(file: _FileLoader, position: int, raw: object) -> None:
    keys = (
        "code", "domain", "indicator", "services", "name", "operator", "value", "unit", "on", "place", "note",
    )  # fmt: skip
    values = file.read(raw, keys)
    code, services, indicator = values["code"], values.pop("services"), values["indicator"]
    terms = {"domain": file.find(Domain, values["domain"], code)}
    # What a file states was reviewed with the file: it needs no approval on the desk.
    terms |= dict.fromkeys(("proposed_by", "approved_by", "approved_at"))
    terms["indicator"] = indicator and file.find(Indicator, indicator, code)
    file.set_services(file.save(Observation, values | terms), services)


def _load_project_group(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "number", "title", "domain", "services", "projects"))
    projects, services = values.pop("projects"), values.pop("services")
    group = file.save(ProjectGroup, values | {"domain": file.find(Domain, values["domain"], values["code"])})
    file.set_services(group, services)
    for place, project in enumerate(check_list(file.path, group.code, "projects", projects), start=1):
        values = file.read(project, ("code", "name", "text", "services"))
        codes = values.pop("services")
        file.set_services(file.save(Project, values | {"group": group, "position": place}), codes)


def _load_synonym(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("word", "services", "note"))
    word, codes = values["word"], values.pop("services")
    check_list(file.path, word, "services", codes, of=str)
    if not codes or len(set(codes)) < len(codes):
        raise FixtureError(file.path, word, "services 应是不重复的代码，至少一个")
    target_services = [file.find(Service, code, word) for code in codes]
    synonym = file.save(Synonym, values)
    if (old_codes := file.synonym_services.get(word)) != codes:
        if old_codes:
            synonym.targets.all().delete()
        SynonymTarget.objects.bulk_create(
            SynonymTarget(synonym=synonym, service=service, position=place)
            for place, service in enumerate(target_services, start=1)
        )
        file.note_change(synonym)


def _load_topic(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "name", "name_en", "note", "services"), cited=False)
    code, codes = values["code"], values.pop("services")
    check_list(file.path, code, "services", codes, of=str)
    if len(set(codes)) < len(codes):
        raise FixtureError(file.path, code, "services 应是不重复的代码")
    services = [file.find(Service, service, code) for service in codes]
    topic = file.save(Topic, values | {"position": position})
    if list(topic.links.values_list("service__code", flat=True)) != codes:
        topic.links.all().delete()
        TopicService.objects.bulk_create(
            TopicService(topic=topic, service=service, position=place)
            for place, service in enumerate(services, start=1)
        )
        file.note_change(topic)


# What an official code can belong to, as the files name it.
IDENTIFIED = {"region": Region, "department": Department, "service": Service}


def _load_identifiers(file: _FileLoader, position: int, raw: object) -> None:
    values = file.read(raw, ("code", "of", "identifiers"), cited=False)
    kind, code = values["of"], values["code"]
    if kind not in list(IDENTIFIED):
        raise FixtureError(file.path, code, f"of 可用：{'、'.join(IDENTIFIED)}")
    owner = file.find(IDENTIFIED[kind], code, code)
    rows = []
    for item in check_list(file.path, code, "identifiers", values["identifiers"]):
        identifier = check_keys(file.path, code, item, ("scheme", "value", "citation"))
        citation = file.citation(code, identifier["citation"])
        row = Identifier(**{kind: owner}, scheme=identifier["scheme"], value=identifier["value"], **citation)
        file.check_row(row, code, exclude=[*IDENTIFIED, "scheme"])
        rows.append(row)
    if len({row.scheme for row in rows}) < len(rows):
        raise FixtureError(file.path, code, "identifiers 每一编码规则至多一个")
    if set(map(_identifier_values, owner.identifiers.all())) != set(map(_identifier_values, rows)):
        owner.identifiers.all().delete()
        Identifier.objects.bulk_create(rows)
        file.note_change(owner)


def _identifier_values(row: Identifier) -> tuple:
    return row.scheme, row.value, row.source_id, row.locator, row.quote, row.verification


# In the order of their dependencies: every citation needs its source.
LOADERS: dict[str, Callable[[_FileLoader, int, object], None]] = {
    "sources": _load_source,
    "replacements": _load_replacement,
    "services": _load_service,
    "regions": _load_region,
    "domains": _load_domain,
    "departments": _load_department,
    "identifiers": _load_identifiers,
    "target_groups": _load_target_group,
    "indicators": _load_indicator,
    "targets": _load_indicator,
    "observations": _load_observation,
    "projects": _load_project_group,
    "synonyms": _load_synonym,
    "topics": _load_topic,
}
