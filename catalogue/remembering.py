"""What has been answered, kept as ready bytes in a bounded memory: the least recently used goes first. Pure."""

import itertools
import threading
from typing import NamedTuple

from catalogue import coding, conditions
from catalogue.lasting import Lasting

# The part of a memory that one answer may take, and that the shortcuts to all of them may.
LARGEST, SHORTCUTS = 1 / 8, 1 / 16
# How full a memory is left when answers had to go, so that not each new one makes others go.
LEFT = 0.9
# What an answer and a way to it take beside their bytes, roughly: objects, headers, keys.
ANSWER, WAY = 4096, 1024

Headers = list[tuple[str, str]]
# What a request says, part by part.
Words = tuple[str | None, ...]


class Form(NamedTuple):
    """One form of an answer, ready to be sent: plain, or in a content coding."""

    etag: str
    headers: Headers
    of_not_modified: Headers
    body: list[bytes]


class Answer:
    """What was answered to one question, in every coding that somebody asked for."""

    def __init__(self, headers: Headers, body: bytes):
        # On a clock that counts uses.
        self.used = 0
        # What a memory has counted of it.
        self.counted = 0
        self.questions: list[Words] = []
        self._forms: dict[str, Form] = {coding.IDENTITY: _form(headers, body)}

    @property
    def size(self) -> int:
        """The bytes it takes, roughly."""
        bodies = sum(len(form.body[0]) for form in list(self._forms.values()))
        return ANSWER + sum(map(_weight, self.questions)) + bodies

    def form(self, name: str) -> Form:
        """Return the answer in a coding, made once; plain if coding is not worth it."""
        if found := self._forms.get(name):
            return found
        plain = self._forms[coding.IDENTITY]
        body = plain.body[0]
        if len(body) < coding.SMALLEST:
            return plain
        coded = coding.coded(body, name)
        changed = {"ETag": coding.tagged(plain.etag, name), "Content-Length": str(len(coded))}
        headers = [(each, changed.get(each, value)) for each, value in plain.headers]
        return self._forms.setdefault(name, _form([*headers, ("Content-Encoding", name)], coded))


class Memory:
    """Answers by their keys, in at most ``limit`` bytes.

    A question is what a request asks, whatever form it would have it in; its way says what else decides on the answer.
    A shortcut leads from all that a request says straight to the form it gets. Any thread may use a memory.
    """

    def __init__(self, limit: int):
        self.shortcuts: dict[Words, tuple[Answer, Form]] = {}
        self._most, self._most_shortcuts = limit * (1 - SHORTCUTS), limit * SHORTCUTS
        self._largest = limit * LARGEST
        self._size = self._shortcuts_size = 0
        self._answers: dict[Words, Answer] = {}
        self._ways: dict[Words, Lasting] = {}
        self._uses = itertools.count(1)
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def size(self) -> int:
        """The bytes that all takes, roughly."""
        return self._size + self._shortcuts_size

    def way(self, question: Words | None) -> Lasting | None:
        """Return by what the answer to a question is chosen, None if nothing is kept of it."""
        return self._ways.get(question)

    def get(self, key: Words) -> Answer | None:
        return self._answers.get(key)

    def use(self, answer: Answer) -> None:
        """Note that an answer was used just now."""
        answer.used = next(self._uses)

    def keep(self, key: Words, answer: Answer, *, question: Words, way: Lasting) -> Answer:
        """Keep an answer, and the way to it; return the one that is kept already, if there is one."""
        with self._changing:
            answer = self._answers.get(key, answer)
            if answer.size > self._largest:
                return answer
            self._answers[key] = answer
            if question not in self._ways:
                self._ways[question] = way
                answer.questions.append(question)
            self._count(answer)
            self.use(answer)
            self._make_room()
            return answer

    def shorten(self, said: Words, answer: Answer, coding: str) -> Form:
        """Return an answer in a coding, and lead whoever says the same straight to it from now on."""
        form = answer.form(coding)
        with self._changing:
            # Unless it went meanwhile, or never came in.
            if answer.questions and answer.questions[0] in self._ways:
                self._count(answer)
                self._shorten(said, answer, form)
                self._make_room()
        return form

    def forget_shortcuts(self) -> None:
        """Let every request be looked up once more. It takes little to make them again."""
        self.shortcuts.clear()
        self._shortcuts_size = 0

    def _count(self, answer: Answer) -> None:
        """Count what an answer takes now: it may have got another form since, from another thread too."""
        self._size += answer.size - answer.counted
        answer.counted = answer.size

    def _shorten(self, said: Words, answer: Answer, form: Form) -> None:
        if said in self.shortcuts:
            return
        weight = _weight(said)
        if self._shortcuts_size + weight > self._most_shortcuts:
            self.forget_shortcuts()
        if weight <= self._most_shortcuts:
            self.shortcuts[said] = (answer, form)
            self._shortcuts_size += weight

    def _make_room(self) -> None:
        if self._size <= self._most:
            return
        for key, answer in sorted(self._answers.items(), key=lambda item: item[1].used):
            if self._size <= self._most * LEFT:
                break
            del self._answers[key]
            for question in answer.questions:
                self._ways.pop(question, None)
            self._size -= answer.counted
        # They would hold what has gone.
        self.forget_shortcuts()


def _weight(words: Words) -> int:
    """What it takes to find something by words: they stand in two keys, and whoever asks decides how long they are."""
    return WAY + 2 * sum(len(word) for word in words if word)


def _form(headers: Headers, body: bytes) -> Form:
    return Form(dict(headers)["ETag"], headers, conditions.of_not_modified(headers), [body])
