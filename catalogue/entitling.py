"""What a person is entitled to by one edition: its rules, loaded once, and the judgement of all of them.

The answer depends on the edition and the circumstances alone. Circumstances are judged and forgotten: they reach no
query, no log and no cache, and whatever fails on the way is told without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from catalogue import sealed, translating
from catalogue.faults import Fault, printable
from catalogue.models import Edition
from catalogue.wire import member, text
from services import eligibility
from services.eligibility import Rule, Rules, Verdict
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
RESULTS = {True: b',"result":true}', False: b',"result":false}', None: b',"result":null}'}
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


class Entitled(NamedTuple):
    """What one edition entitles to, in the order of its numbers, and its rules to be judged at once."""

    each: tuple[Entitlement, ...]
    rules: Rules


class Judgement(NamedTuple):
    """What circumstances say of every service of an edition, and the question worth asking next, with its worth."""

    verdicts: list[tuple[Entitlement, Verdict]]
    counts: dict[str, int]
    question: tuple[Fact, int] | None


def entitlements(edition: Edition) -> Entitled:
    """Return what a published edition entitles to. One query the first time."""
    # By its digest too: a database that was made anew may have another edition in the same place.
    return _loaded(edition.pk, edition.digest)


@lru_cache(maxsize=EDITIONS_KEPT)
def _loaded(pk: int, digest: str) -> Entitled:
    each = tuple(map(entitlement, sealed.documents_of(pk, digest).values()))
    return Entitled(each, Rules(entitlement.rule for entitlement in each))


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
    """Yield what is wrong with circumstances, as faults; no value of them is repeated.

    What facts there are is said once, however many there are not.
    """
    known = [fact.name for fact in VOCABULARY]
    for name, value in circumstances.items():
        if name not in VOCABULARY:
            shown = printable(name)
            yield Fault(f"circumstances.{shown}", f"没有事实“{shown}”。", known)
            known = None
        elif fault := VOCABULARY[name].fault(value):
            yield Fault(f"circumstances.{name}", f"{name} {fault}", VOCABULARY[name].allowed())


def judge(entitled: Entitled, circumstances: Mapping[str, object]) -> Judgement:
    """Judge valid circumstances (``faults()`` found none) by every rule. No query."""
    understood = VOCABULARY.understood(circumstances)
    verdicts = list(zip(entitled.each, entitled.rules.judge(understood), strict=True))
    outcomes = [verdict.outcome for _, verdict in verdicts]
    return Judgement(
        verdicts,
        {outcome: outcomes.count(outcome) for outcome in eligibility.OUTCOMES},
        eligibility.next_question((each.rule, verdict) for each, verdict in verdicts),
    )


def answer(edition: Edition, circumstances: Mapping[str, object], *, wanted: Sequence[str], language: str) -> bytes:
    """Return what valid circumstances entitle to, as the JSON that is answered.

    ``wanted`` are the outcomes whose services are told; all are counted. Nothing is kept of the circumstances, nor of
    the text.
    """
    judgement = judge(entitlements(edition), circumstances)
    written = _written(edition.pk, edition.digest, language)
    # The end of a reason, by its fact and by what is known of it.
    ends = {
        name: {result: text(value).encode() + end for result, end in RESULTS.items()}
        for name, value in circumstances.items()
    }
    # One list of small pieces, joined once: an answer is 230 kB, and each copy of it takes its time.
    pieces: list[bytes] = []
    for each, (entitlement, verdict) in zip(written.each, judgement.verdicts, strict=True):
        if verdict.outcome not in wanted:
            continue
        if verdict is entitlement.rule.blank:
            pieces.append(each.blank)
        else:
            pieces += _result(each, verdict, ends)
    if pieces:
        # Each begins with the comma that parts it from the one before.
        pieces[0] = pieces[0][1:]
    question = judgement.question and _question(*judgement.question, language)
    counts = f'{member("counts", judgement.counts)},"results":['.encode()
    return b"".join((written.head, counts, *pieces, f"],{member('next_question', question)}}}".encode()))


class Written(NamedTuple):
    """The JSON of an entitlement around what circumstances say of it: before, by the outcome; each reason; and after.

    Of a reason, its fact and its text up to the value given; and the whole of it where nothing is. ``blank`` is all of
    it where nothing is known that the rule asks. What follows something begins with the comma between them.
    """

    heads: dict[str, bytes]
    reasons: tuple[tuple[str, bytes, bytes], ...]
    tail: bytes
    blank: bytes = b""


class AllWritten(NamedTuple):
    """The same of a whole edition, after what is said of the edition itself."""

    head: bytes
    each: tuple[Written, ...]


@lru_cache(maxsize=EDITIONS_KEPT)
def _written(pk: int, digest: str, language: str) -> AllWritten:
    edition = Edition.objects.values("slug", "effective_from", "digest").get(pk=pk)
    reference = edition | {"effective_from": edition["effective_from"].isoformat()}
    disclaimer = translating.told(DISCLAIMER["en" if language == "en" else "zh-Hans"], language)
    return AllWritten(
        f"{{{member('edition', reference)},{member('disclaimer', disclaimer)},".encode(),
        tuple(_around(each, language) for each in _loaded(pk, digest).each),
    )


def _around(each: Entitlement, language: str) -> Written:
    head = f",{{{member('service', translating.told(each.service, language))},"
    written = Written(
        {outcome: f'{head}{member("outcome", outcome)},"reasons":['.encode() for outcome in eligibility.OUTCOMES},
        tuple(_reason(reason, language, first=place == 0) for place, reason in enumerate(each.reasons)),
        f",{member('note', translating.told(each.note, language))}}}".encode(),
    )
    return written._replace(blank=b"".join(_result(written, each.rule.blank, {})))


def _reason(reason: Mapping, language: str, *, first: bool) -> tuple[str, bytes, bytes]:
    comma = "" if first else ","
    head = f'{comma}{text(translating.told(reason, language))[:-1]},"given":'.encode()
    return reason["fact"], head, head + b"null" + RESULTS[None]


def _result(written: Written, verdict: Verdict, ends: Mapping[str, Mapping]) -> list[bytes]:
    pieces = [written.heads[verdict.outcome]]
    for (fact, head, unknown), result in zip(written.reasons, verdict.results, strict=True):
        if fact in ends:
            pieces += (head, ends[fact][result])
        elif result is None:
            pieces.append(unknown)
        else:
            # Not given, but implied by what was.
            pieces += (head, b"null", RESULTS[result])
    names = '","'.join(verdict.missing)
    pieces += (f'],"missing":["{names}"]'.encode() if names else b'],"missing":[]', written.tail)
    return pieces


def _question(fact: Fact, settles: int, language: str) -> dict:
    said = fact.in_language(language)
    return {"fact": said.pop("name"), "choices": None, **said, "settles": settles}


def _clauses(document: Mapping, rule: Rule) -> list[Mapping | None]:
    """The clause each criterion rests on: its own, else the first that the whole rule rests on."""
    cited = [citation for citation in document["citations"] if citation["field"] == "eligibility"]
    own = {citation["criterion"]: citation for citation in reversed(cited) if "criterion" in citation}
    whole = next((citation for citation in cited if "criterion" not in citation), None)
    return [own.get(place, whole) for place in range(1, len(rule.criteria) + 1)]
