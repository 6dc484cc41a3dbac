"""What has been answered, kept as ready bytes in a bounded memory: the least recently used goes first. Pure."""

import itertools
import threading
from collections.abc import Hashable
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
        self.questions: list[Hashable] = []
        self._forms: dict[str, Form] = {coding.IDENTITY: _form(headers, body)}

    @property
    def size(self) -> int:
        """The bytes it takes, roughly."""
        bodies = sum(len(form.body[0]) for form in list(self._forms.values()))
        return ANSWER + WAY * len(self.questions) + bodies

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
        self.size = 0
        self.shortcuts: dict[Hashable, tuple[Answer, Form]] = {}
        self._limit = limit
        self._answers: dict[Hashable, Answer] = {}
        self._ways: dict[Hashable, Lasting] = {}
        self._uses = itertools.count(1)
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def way(self, question: Hashable) -> Lasting | None:
        """Return by what the answer to a question is chosen, None if nothing is kept of it."""
        return self._ways.get(question)

    def get(self, key: Hashable) -> Answer | None:
        return self._answers.get(key)

    def use(self, answer: Answer) -> None:
        """Note that an answer was used just now."""
        answer.used = next(self._uses)

    def keep(self, key: Hashable, answer: Answer, *, question: Hashable, way: Lasting) -> Answer:
        """Keep an answer, and the way to it; return the one that is kept already, if there is one."""
        with self._changing:
            answer = self._answers.get(key, answer)
            if answer.size > self._limit * LARGEST:
                return answer
            if key not in self._answers:
                self._answers[key] = answer
                self.size += answer.size
            if question not in self._ways:
                self._ways[question] = way
                answer.questions.append(question)
                self.size += WAY
            self.use(answer)
            self._make_room()
            return answer

    def shorten(self, said: Hashable, answer: Answer, coding: str) -> Form:
        """Return an answer in a coding, and lead whoever says the same straight to it from now on."""
        before = answer.size
        form = answer.form(coding)
        with self._changing:
            # Unless it went meanwhile, or never came in.
            if answer.questions and answer.questions[0] in self._ways:
                self.size += answer.size - before
                if WAY * len(self.shortcuts) >= self._limit * SHORTCUTS:
                    self.shortcuts.clear()
                self.shortcuts[said] = (answer, form)
                self._make_room()
        return form

    def _make_room(self) -> None:
        if self.size <= self._limit * (1 - SHORTCUTS):
            return
        for key, answer in sorted(self._answers.items(), key=lambda item: item[1].used):
            if self.size <= self._limit * (1 - SHORTCUTS) * LEFT:
                break
            del self._answers[key]
            for question in answer.questions:
                self._ways.pop(question, None)
            self.size -= answer.size
        # They would hold what has gone. It takes little to make them again.
        self.shortcuts.clear()


def _form(headers: Headers, body: bytes) -> Form:
    return Form(dict(headers)["ETag"], headers, conditions.of_not_modified(headers), [body])
