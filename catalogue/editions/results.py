"""The results of judging a person, in one language: what is said of each service, and why.

What does not depend on the person is made once for an edition and language. Nothing of a person is kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from orjson import Fragment

from catalogue.editions.entitlements import Entitlement
from catalogue.editions.translation import translate
from services.eligibility import sentences
from services.eligibility.facts import Criterion
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Verdict
from services.eligibility.timing import When
from services.json_text import dumps
from services.sources import Verification

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


class Surroundings(NamedTuple):
    """What an answer depends on besides the edition and the person.

    ``contacts`` are those of the departments, by code; ``amounts`` returns the current figures of a service, by its
    code; ``pages`` is the beginning of the address of a page.
    """

    contacts: Mapping[str, Mapping]
    amounts: Callable[[str], Sequence[Mapping]]
    pages: str
    all_reasons: bool = False
    # The selected keys of a result, None for all.
    fields: Sequence[str] | None = None


class TranslatedEntitlement:
    """A service with its rule in one language, in the shape of an entitlements answer."""

    def __init__(self, entitlement: Entitlement, language: str):
        self.rule = entitlement.rule
        self._words = translate(SENTENCES["en" if language == "en" else "zh-Hans"], language)
        service = translate(entitlement.service, language)
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
        self._conditions = list(map(_written, translate(entitlement.conditions, language)))
        self._condition_labels = [item["citation"]["verification"] for item in entitlement.conditions]
        self._reasons = [translate(reason, language) | {"sentence": None} for reason in entitlement.reasons]
        # For each criterion, by result, the complete reason of a person who did not give the fact.
        self._untold_reasons = [
            {result: _written(self._reason(place, None, result)) for result in (True, False, None)}
            for place in range(len(self._reasons))
        ]
        self._benefit = translate(entitlement.benefit, language)
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
                "reasons": self._told_reasons(range(len(self._reasons)), verdict, told),
                "note": self._note,
            }
        places = self.deciding(verdict)
        shown = range(len(self._reasons)) if surroundings.all_reasons else places
        result = {
            "service": self._service,
            "outcome": verdict.outcome,
            "sentence": self._sentence(verdict, places),
            "reasons": self._told_reasons(shown, verdict, told),
            "missing": verdict.missing,
            "conditions": [self._conditions[place] for place in verdict.conditions],
            "note": self._note,
            "verification": self._weakest_label(verdict, places),
            "when": when and {"from": when.begins, "until": when.ends, "fact": when.fact},
        }
        if verdict.outcome != NOT_ELIGIBLE:
            contact = surroundings.contacts.get(self._lead["code"], {}) if self._lead else {}
            result |= {
                "benefit": self._benefit | {"amounts": surroundings.amounts(self._code)},
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

        Of a person who is not eligible those that fail; otherwise those of the groups that hold, or would if their open
        criteria did.
        """
        if verdict.outcome == NOT_ELIGIBLE:
            # A criterion of several groups is said once.
            places: dict[Criterion, int] = {}
            for place, result in enumerate(verdict.results):
                if result is False:
                    places.setdefault(self.rule.criteria[place], place)
            return list(places.values())
        groups = {self.rule.open_group_numbers[place] for place in verdict.conditions}
        if verdict.outcome == ELIGIBLE:
            failing = {
                number for number, result in zip(self.rule.group_numbers, verdict.results, strict=True) if not result
            }
            groups = set(self.rule.group_numbers) - failing - set(self.rule.open_group_numbers)
        return [place for place, number in enumerate(self.rule.group_numbers) if number in groups]

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

    def _told_reasons(self, places: Iterable[int], verdict: Verdict, told: Mapping[str, object]) -> list:
        return [
            self._reason(place, told[fact], verdict.results[place])
            if (fact := self._reasons[place]["fact"]) in told
            else self._untold_reasons[place][verdict.results[place]]
            for place in places
        ]

    def _reason(self, place: int, given: object, result: bool | None) -> dict:
        sentence = self._words[result].format(text=self._texts[place])
        return self._reasons[place] | {"given": given, "result": result, "sentence": sentence}

    def _weakest_label(self, verdict: Verdict, places: Sequence[int]) -> str | None:
        citations = [self._reasons[place]["citation"] for place in places]
        labels = [citation["verification"] for citation in citations if citation]
        labels += [self._condition_labels[place] for place in verdict.conditions]
        return min(labels, key=lambda label: Verification(label).rank, default=self._label)

    def _short(self, verdict: Verdict) -> dict:
        return {
            "service": self._short_service,
            "outcome": verdict.outcome,
            "missing": verdict.missing,
            "conditions": [self._conditions[place] for place in verdict.conditions],
        }


def _criterion_text(raw: Mapping, language: str) -> str:
    if language == "en":
        return sentences.criterion_text_en(raw)
    return translate(sentences.criterion_text(raw), language)


def _written(value: object) -> Fragment:
    return Fragment(dumps(value))
