"""What a person is entitled to by one edition: its rules, loaded once, and the judgement of all of them.

The answer depends on the edition and the circumstances alone. Circumstances are judged and forgotten: they reach no
query, no log and no cache, and whatever fails on the way is told without them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from catalogue import parameters, problems, translating
from catalogue.models import Edition
from catalogue.writing import member, text
from services import eligibility
from services.eligibility import Rule, Verdict
from services.facts import VOCABULARY, Fact

NOT_STATED = "本版本没有写明享受条件。"
DISCLAIMER = {
    "zh-Hans": "以上是根据所填情况和清单所载条件的初步判断，仅供参考；能否享受，以牵头负责单位的认定为准。",
    "en": (
        "This is an indication from the circumstances given and the conditions on the list. The competent department "
        "decides."
    ),
}
# What is known of a criterion, at the end of its reason.
RESULTS = {True: "true}", False: "false}", None: "null}"}
# Of how many editions the rules are kept: more than anybody asks about in a day.
EDITIONS_KEPT = 16


class Entitlement(NamedTuple):
    """A service with its rule, and what the answer says of them whoever asks.

    ``service`` is a reference to it, ``reasons`` one mapping for each criterion, ``note`` why there is no rule.
    """

    service: dict
    rule: Rule
    reasons: tuple[dict, ...]
    note: str | None


class Judgement(NamedTuple):
    """What circumstances say of every service of an edition, and the question worth asking next, with its worth."""

    verdicts: list[tuple[Entitlement, Verdict]]
    counts: dict[str, int]
    question: tuple[Fact, int] | None


def entitlements(edition: Edition) -> tuple[Entitlement, ...]:
    """Return what a published edition entitles to, in the order of its numbers. One query the first time."""
    # By its digest too: a database that was made anew may have another edition in the same place.
    return _loaded(edition.pk, edition.digest)


@lru_cache(maxsize=EDITIONS_KEPT)
def _loaded(pk: int, digest: str) -> tuple[Entitlement, ...]:
    return tuple(map(entitlement, Edition.objects.get(pk=pk).documents()))


def entitlement(document: Mapping) -> Entitlement:
    """Return what a service's document (``canonical.document()``) entitles to."""
    stated = document["eligibility"]
    rule = Rule(stated)
    return Entitlement(
        service={key: document[key] for key in ("code", "name", "name_en", "domain", "lead_department")},
        rule=rule,
        reasons=tuple(
            {
                "group": place,
                "fact": criterion.fact,
                "op": criterion.op,
                "value": list(criterion.value) if isinstance(criterion.value, tuple) else criterion.value,
                "citation": clause,
            }
            for criterion, place, clause in zip(rule.criteria, rule.places, _clauses(document, rule), strict=True)
        ),
        note=NOT_STATED if stated is None else stated["reason"],
    )


def faults(circumstances: Mapping[str, object]) -> Iterator[dict]:
    """Yield what is wrong with circumstances, as ``problems.error()`` has it; no value of them is repeated.

    What facts there are is said once, however many there are not.
    """
    known = [fact.name for fact in VOCABULARY]
    for name, value in circumstances.items():
        if name not in VOCABULARY:
            shown = parameters.shown(name)
            yield problems.error(f"circumstances.{shown}", f"没有事实“{shown}”。", known)
            known = None
        elif fault := VOCABULARY[name].fault(value):
            yield problems.error(f"circumstances.{name}", f"{name} {fault}", VOCABULARY[name].allowed())


def judge(entitled: Sequence[Entitlement], circumstances: Mapping[str, object]) -> Judgement:
    """Judge valid circumstances (``faults()`` found none) by every rule. No query."""
    understood = VOCABULARY.understood(circumstances)
    verdicts = [(each, each.rule.judge(understood)) for each in entitled]
    counted = Counter(verdict.outcome for _, verdict in verdicts)
    return Judgement(
        verdicts,
        {outcome: counted[outcome] for outcome in eligibility.OUTCOMES},
        eligibility.next_question((each.rule, verdict) for each, verdict in verdicts),
    )


def answer(edition: Edition, circumstances: Mapping[str, object], *, wanted: Sequence[str], language: str) -> str:
    """Return what valid circumstances entitle to, as the JSON text that is answered.

    ``wanted`` are the outcomes whose services are told; all are counted. Nothing is kept of the circumstances, nor of
    the text.
    """
    judgement = judge(entitlements(edition), circumstances)
    given = {name: text(value) for name, value in circumstances.items()}
    written = _written(edition.pk, edition.digest, language)
    results = [
        _result(each, verdict, given)
        for each, (_, verdict) in zip(written, judgement.verdicts, strict=True)
        if verdict.outcome in wanted
    ]
    reference = {
        "slug": edition.slug,
        "effective_from": edition.effective_from.isoformat(),
        "digest": edition.digest,
    }
    disclaimer = translating.told(DISCLAIMER["en" if language == "en" else "zh-Hans"], language)
    question = judgement.question and _question(*judgement.question, language)
    return (
        f"{{{member('edition', reference)},{member('disclaimer', disclaimer)},{member('counts', judgement.counts)},"
        f'"results":[{",".join(results)}],{member("next_question", question)}}}'
    )


class Written(NamedTuple):
    """The JSON text of an entitlement around what circumstances say of it: before, of each reason, and after."""

    head: str
    reasons: tuple[tuple[str, str], ...]
    tail: str


@lru_cache(maxsize=EDITIONS_KEPT)
def _written(pk: int, digest: str, language: str) -> tuple[Written, ...]:
    return tuple(
        Written(
            f'{{{member("service", translating.told(each.service, language))},"outcome":"',
            tuple(
                (reason["fact"], f'{text(translating.told(reason, language))[:-1]},"given":') for reason in each.reasons
            ),
            f"],{member('note', translating.told(each.note, language))}}}",
        )
        for each in _loaded(pk, digest)
    )


def _result(written: Written, verdict: Verdict, given: Mapping[str, str]) -> str:
    reasons = ",".join(
        [
            f'{head}{given.get(fact, "null")},"result":{RESULTS[result]}'
            for (fact, head), result in zip(written.reasons, verdict.results, strict=True)
        ]
    )
    missing = ",".join([f'"{fact}"' for fact in verdict.missing])
    return f'{written.head}{verdict.outcome}","reasons":[{reasons}],"missing":[{missing}{written.tail}'


def _question(fact: Fact, settles: int, language: str) -> dict:
    said = fact.in_language(language)
    return {"fact": said.pop("name"), "choices": None, **said, "settles": settles}


def _clauses(document: Mapping, rule: Rule) -> list[Mapping | None]:
    """The clause each criterion rests on: its own, else the first that the whole rule rests on."""
    cited = [citation for citation in document["citations"] if citation["field"] == "eligibility"]
    own = {citation["criterion"]: citation for citation in reversed(cited) if "criterion" in citation}
    whole = next((citation for citation in cited if "criterion" not in citation), None)
    return [own.get(place, whole) for place in range(1, len(rule.criteria) + 1)]
