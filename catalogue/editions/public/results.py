"""The results of judging a person, in one language: what is said of each service, and why.

An answer stays small: a service is named in its language alone, and clauses are quoted only where they are the reason
that somebody is eligible, or may be; the others name document and place. With all reasons asked for, everything is
quoted. What does not depend on the person is made once for an edition and language. Nothing of a person is kept.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from orjson import Fragment

from catalogue.editions.public.entitlements import Entitlement
from catalogue.editions.translation import translate
from services.eligibility import sentences
from services.eligibility.facts import Criterion
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Verdict
from services.eligibility.timing import When
from services.sources import Verification
from services.text.json_text import dumps
from services.values.amounts import with_current

SENTENCES = {
    "zh-Hans": {
        "universal": "人人都可以享受“{name}”。",
        ELIGIBLE: "符合“{name}”的条件：{reasons}。",
        "conditional": "下列条件经认定成立，就符合“{name}”的条件：{reasons}。",
        NOT_ELIGIBLE: "不符合“{name}”的条件，没有满足：{reasons}。",
        UNKNOWN: "不能判断是否符合“{name}”的条件：{reasons}",
        True: "满足：{text}",
        False: "没有满足：{text}",
        None: "未知：{text}",
        "and": "，且",
        "or": "；或者",
    },
    "en": {
        "universal": "Everybody is entitled to “{name}”.",
        ELIGIBLE: "The conditions of “{name}” are met: {reasons}.",
        "conditional": "The conditions of “{name}” are met if this is confirmed: {reasons}.",
        NOT_ELIGIBLE: "The conditions of “{name}” are not met. Not met: {reasons}.",
        UNKNOWN: "Whether the conditions of “{name}” are met cannot be judged: {reasons}",
        True: "Met: {text}",
        False: "Not met: {text}",
        None: "Unknown: {text}",
        "and": "; and ",
        "or": "; or ",
    },
}

RANKS = {label.value: label.rank for label in Verification}


class Benefit(NamedTuple):
    """What one gets from a service on a day, as JSON, by whether the clauses of its figures are quoted."""

    written: Mapping[bool, Fragment]
    has_figure: bool

    @classmethod
    def on(cls, document: Mapping, day: datetime.date, language: str) -> "Benefit":
        """Return the benefit of a service's document (``entry_document()``) on a day, in a language."""
        amounts = [amount for amount in with_current(document.get("amounts", []), day) if amount["current"]]
        benefit = {"content": document["content"], "standard": document["standard"], "amounts": amounts}
        benefit = translate(benefit, language)
        return cls({True: _written(benefit), False: _written(_brief(benefit))}, bool(amounts))


class Surroundings(NamedTuple):
    """What an answer depends on besides the edition and the person.

    ``contacts`` are those of the departments, by code; ``benefits`` are those of the services on the day asked about,
    by code; ``pages`` is the beginning of the address of a page.
    """

    contacts: Mapping[str, Mapping]
    benefits: Mapping[str, Benefit]
    pages: str
    all_reasons: bool = False
    # The selected keys of a result, None for all.
    fields: Sequence[str] | None = None


class TranslatedEntitlement:
    """A service with its rule in one language, in the shape of an entitlements answer."""

    def __init__(self, entitlement: Entitlement, language: str):
        self.rule = entitlement.rule
        self._words = translate(SENTENCES["en" if language == "en" else "zh-Hans"], language)
        service = _without_english_names(translate(entitlement.service, language))
        self._code, self._name = service["code"], service["name"]
        self._lead = entitlement.service["lead_department"]
        self._department = self._lead and _written({key: service["lead_department"][key] for key in ("code", "name")})
        self._service, self._short_service = _written(service), _written({"code": self._code, "name": self._name})
        self._note = translate(entitlement.note, language)
        self._label = entitlement.label
        self._texts = [_criterion_text(reason, language) for reason in entitlement.reasons]
        self._condition_texts = [
            _criterion_text({"open": item["text"], "decided_by": item["decided_by"]}, language)
            for item in entitlement.conditions
        ]
        # Conditions and reasons, by whether their clauses are quoted.
        conditions = translate(entitlement.conditions, language)
        self._conditions = {
            True: list(map(_written, conditions)),
            False: [_written(_brief(condition)) for condition in conditions],
        }
        # The labels of the clauses of criteria and of open criteria; a criterion without one is unverified.
        self._labels = [_label(reason["citation"]) for reason in entitlement.reasons]
        self._condition_labels = [_label(item["citation"]) for item in entitlement.conditions]
        reasons = [translate(reason, language) | {"sentence": None} for reason in entitlement.reasons]
        self._reasons = {True: reasons, False: [_brief(reason) for reason in reasons]}
        # For each criterion, by result, the complete reason of a person who did not give the fact.
        self._untold_reasons = {
            (quoted, result): [
                _written(self._reason(place, None, result, quoted)) for place in range(len(entitlement.reasons))
            ]
            for quoted in (True, False)
            for result in (True, False, None)
        }
        self._blank = entitlement.rule.initial_verdict
        self._blank_result = _written(self._short(self._blank)) if self._blank.missing else None

    def result(
        self, verdict: Verdict, told: Mapping[str, object], when: When | None, surroundings: Surroundings
    ) -> dict | Fragment:
        """Return the service's part of the answer, for orjson. ``told`` are the circumstances as they were given."""
        if surroundings.fields is not None:
            values = self._whole(verdict, told, when, surroundings)
            return {name: values[name] for name in ("service", *surroundings.fields) if name in values}
        if verdict is self._blank and self._blank_result and not surroundings.all_reasons:
            return self._blank_result
        return self._whole(verdict, told, when, surroundings)

    def _whole(
        self, verdict: Verdict, told: Mapping[str, object], when: When | None, surroundings: Surroundings
    ) -> dict:
        if verdict.outcome == UNKNOWN and verdict.missing:
            if not surroundings.all_reasons:
                return self._short(verdict)
            return self._short(verdict) | {
                "service": self._service,
                "conditions": self._open_conditions(verdict, quoted=True),
                "reasons": self._told_reasons(range(len(self.rule.criteria)), verdict, told, quoted=True),
                "note": self._note,
            }
        quoted = verdict.outcome != NOT_ELIGIBLE or surroundings.all_reasons
        places = self.deciding(verdict)
        shown = range(len(self.rule.criteria)) if surroundings.all_reasons else places
        result = {
            "service": self._service,
            "outcome": verdict.outcome,
            "sentence": self._sentence(verdict, places),
            "reasons": self._told_reasons(shown, verdict, told, quoted=quoted),
            "missing": verdict.missing,
            "conditions": self._open_conditions(verdict, quoted=quoted),
            "note": self._note,
            "verification": self._weakest_label(verdict, places),
            "when": when and {"from": when.begins, "until": when.ends, "fact": when.fact},
        }
        if verdict.outcome != NOT_ELIGIBLE:
            contact = surroundings.contacts.get(self._lead["code"], {}) if self._lead else {}
            result |= {
                "benefit": surroundings.benefits[self._code].written[surroundings.all_reasons],
                "contact": {
                    "department": self._department,
                    "hotline": contact.get("hotline"),
                    "website": contact.get("website"),
                },
                "page": f"{surroundings.pages}{self._code}/",
            }
        return result

    def deciding(self, verdict: Verdict) -> list[int]:
        """Return the places of the criteria that decide an outcome.

        Of a person who is not eligible one that fails in each group, as few as suffice; otherwise those of the groups
        that hold, or would if their open criteria did.
        """
        if verdict.outcome == NOT_ELIGIBLE:
            return self._failing(verdict)
        groups = {self.rule.open_group_numbers[place] for place in verdict.conditions}
        if verdict.outcome == ELIGIBLE:
            failing = {
                number for number, result in zip(self.rule.group_numbers, verdict.results, strict=True) if not result
            }
            groups = set(self.rule.group_numbers) - failing - set(self.rule.open_group_numbers)
        return [place for place, number in enumerate(self.rule.group_numbers) if number in groups]

    def _failing(self, verdict: Verdict) -> list[int]:
        groups: dict[Criterion, set[int]] = {}
        places: dict[Criterion, int] = {}
        for place, result in enumerate(verdict.results):
            if result is False:
                criterion = self.rule.criteria[place]
                places.setdefault(criterion, place)
                groups.setdefault(criterion, set()).add(self.rule.group_numbers[place])
        left, chosen = set(self.rule.group_numbers), []
        while left:
            # Of equals the first.
            criterion = max(groups, key=lambda item: len(groups[item] & left))
            chosen.append(places[criterion])
            left -= groups[criterion]
        return sorted(chosen)

    def _sentence(self, verdict: Verdict, places: Sequence[int]) -> str:
        if self.rule.universal:
            return self._words["universal"].format(name=self._name)
        if verdict.outcome == UNKNOWN and not verdict.conditions:
            return self._words[UNKNOWN].format(name=self._name, reasons=self._note)
        if verdict.outcome == UNKNOWN:
            numbers = [self.rule.open_group_numbers[place] for place in verdict.conditions]
            texts = [self._condition_texts[place] for place in verdict.conditions]
            reasons = self._joined(zip(numbers, texts, strict=True))
            return self._words["conditional"].format(name=self._name, reasons=reasons)
        if verdict.outcome == ELIGIBLE:
            # One group suffices: the first that holds.
            first = self.rule.group_numbers[places[0]]
            places = [place for place in places if self.rule.group_numbers[place] == first]
        texts = list(dict.fromkeys(self._texts[place] for place in places))
        joined = self._words["and" if verdict.outcome == ELIGIBLE else "or"].join(texts)
        return self._words[verdict.outcome].format(name=self._name, reasons=joined)

    def _joined(self, numbered_texts: Iterable[tuple[int, str]]) -> str:
        """Join the texts of groups: all of one group, or all of another."""
        groups: dict[int, list[str]] = {}
        for number, text in numbered_texts:
            groups.setdefault(number, []).append(text)
        return self._words["or"].join(self._words["and"].join(texts) for texts in groups.values())

    def _told_reasons(
        self, places: Iterable[int], verdict: Verdict, told: Mapping[str, object], *, quoted: bool
    ) -> list:
        return [
            self._reason(place, told[fact], verdict.results[place], quoted)
            if (fact := self.rule.criteria[place].fact) in told
            else self._untold_reasons[quoted, verdict.results[place]][place]
            for place in places
        ]

    def _reason(self, place: int, given: object, result: bool | None, quoted: bool) -> dict:
        sentence = self._words[result].format(text=self._texts[place])
        return self._reasons[quoted][place] | {"given": given, "result": result, "sentence": sentence}

    def _open_conditions(self, verdict: Verdict, *, quoted: bool) -> list:
        return [self._conditions[quoted][place] for place in verdict.conditions]

    def _weakest_label(self, verdict: Verdict, places: Sequence[int]) -> str | None:
        labels = {self._labels[place] for place in places}
        labels.update(self._condition_labels[place] for place in verdict.conditions)
        return min(labels, key=RANKS.__getitem__) if labels else self._label

    def _short(self, verdict: Verdict) -> dict:
        return {
            "service": self._short_service,
            "outcome": verdict.outcome,
            "missing": verdict.missing,
            "conditions": self._open_conditions(verdict, quoted=False),
        }


def _label(citation: Mapping | None) -> str:
    return citation["verification"] if citation else Verification.UNVERIFIED.value


def _brief(value: object) -> object:
    """Return a part of an answer with each citation reduced to document, place and label."""
    if isinstance(value, list | tuple):
        return [_brief(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "locator" in value:
        source = {key: value["source"][key] for key in ("code", "title")}
        return {"source": source, **{key: value.get(key) for key in ("locator", "verification", "jurisdiction")}}
    return {key: _brief(item) for key, item in value.items()}


def _without_english_names(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _without_english_names(item) for key, item in value.items() if key != "name_en"}


def _criterion_text(raw: Mapping, language: str) -> str:
    if language == "en":
        return sentences.criterion_text_en(raw)
    return translate(sentences.criterion_text(raw), language)


def _written(value: object) -> Fragment:
    return Fragment(dumps(value))
