"""The input of a screen that is kept on the server while one types, and shown again until it is saved or discarded.

A page sends its form to its own address with ``_autosave``, so that those who may edit there, and no others,
read and write what is kept. The form carries the revision that it shows as ``typed``.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import quote

from django.contrib.auth.models import AbstractBaseUser
from django.forms import BaseForm, BaseFormSet
from django.forms.utils import ErrorDict, ErrorList
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context
from catalogue.models import Attachment, Proposal
from catalogue.workflow import attachments
from catalogue.workflow.steps import inputs

# What belongs to the request, not to the input.
UNKEPT = {"csrfmiddlewaretoken", "typed", "_autosave", "_discard", "_continue", "_save"}
# In the names of the boxes of a person that a rule is tried on: the circumstances of a person are stored nowhere.
TRIED_PERSON = "-try-"


class TypedInput:
    """What was typed on the screen of a request: what is sent now, else what is kept of it."""

    def __init__(self, request: HttpRequest, proposal: Proposal | None = None, *, scope: str = "proposal"):
        self.request, self.proposal, self.scope = request, proposal, scope
        self.url = _screen(request)
        self.row = inputs.of_screen(self.url, scope)
        # What is kept beside what was sent.
        self.extra: dict[str, list[str]] = {}
        self.is_restored = bool(self.row) and request.method != "POST"

    @property
    def post(self) -> QueryDict | None:
        """The data of the screen's forms; None for a screen that was not typed on."""
        if self.request.method == "POST":
            return self.request.POST
        return self._kept()

    @property
    def seen(self) -> str:
        """The token of what the page showed when one began to type."""
        return self.post.get("seen", "") if self.post else ""

    @property
    def revision(self) -> int:
        return self.row.revision if self.row else 0

    @property
    def is_own(self) -> bool:
        return self.row.author == self.request.user

    def authors(self) -> list[AbstractBaseUser]:
        """Return who typed what is kept."""
        return list(self.row.authors.all()) if self.row else []

    def answer(self) -> HttpResponse | None:
        """Return the answer to a request that keeps or discards the input; None for any other."""
        if "_autosave" in self.request.POST:
            try:
                self.keep()
            except inputs.NotKeptError as error:
                return JsonResponse({"message": str(error)}, status=409)
            return JsonResponse({"message": f"已保存 {timezone.localtime():%H:%M}", "revision": self.revision})
        if "_discard" in self.request.POST:
            self.end()
            return redirect(self.request.get_full_path())
        return None

    def keep(self) -> None:
        """Keep what was sent. Raises ``inputs.NotKeptError``."""
        sent = self.request.POST
        # PostgreSQL stores no NUL.
        data = self.extra | {
            name.replace("\0", ""): [value.replace("\0", "") for value in sent.getlist(name)]
            for name in sent
            if name not in UNKEPT and name not in self.extra and TRIED_PERSON not in name
        }
        self.row = inputs.keep(
            self.url, self.scope, data, revision=self._sent_revision(), proposal=self.proposal,
            context=audit_context(self.request),
        )  # fmt: skip

    def keep_refused(self) -> None:
        """Keep what was sent and not saved, unless somebody else typed on the screen meanwhile."""
        try:
            self.keep()
        except inputs.NotKeptError:
            return

    def end(self) -> None:
        """Forget what was kept, unless more was typed since the page was shown."""
        if self.row:
            inputs.end(self.row, revision=self._sent_revision())

    def _sent_revision(self) -> int:
        sent = self.request.POST.get("typed", "")
        return int(sent) if sent.isdecimal() and len(sent) < 10 else 0

    def _kept(self) -> QueryDict | None:
        if not self.row:
            return None
        kept = QueryDict(mutable=True)
        for name, values in self.row.data.items():
            kept.setlist(name, values)
        return kept


class KeptFile(NamedTuple):
    """A file that was uploaded with a form: it is stored at once, so that it survives the errors of the other boxes."""

    name: str
    digest: str

    @property
    def token(self) -> str:
        return versions.token("", kept=list(self))

    @property
    def content(self) -> bytes:
        return bytes(Attachment.objects.get(digest=self.digest).content)

    @classmethod
    def read(cls, token: str) -> "KeptFile | None":
        """Return the stored file of a submitted token; None if there is none."""
        kept = versions.read(token).get("kept")
        return cls(*kept) if kept and Attachment.objects.filter(digest=kept[1]).exists() else None

    @classmethod
    def store(cls, request: HttpRequest, name: str, content: bytes) -> "KeptFile":
        name = PurePath(name).name[-200:]
        return cls(name, attachments.store(name, content, context=audit_context(request)).digest)

    @classmethod
    def all_of(cls, request: HttpRequest, typed: TypedInput, first: Iterable[Mapping[str, str]]) -> "list[KeptFile]":
        """Return the files that an earlier page of the form kept and those sent now; at first those of ``first``."""
        if typed.post is None:
            return [cls(**file) for file in first]
        files = {file.digest: file for file in filter(None, map(cls.read, typed.post.getlist("kept")))}
        for sent in request.FILES.getlist("attachments"):
            if sent.size <= attachments.MAX_BYTES:
                stored = cls.store(request, sent.name, sent.read())
                files.setdefault(stored.digest, stored)
        typed.extra = {"kept": [file.token for file in files.values()]}
        return list(files.values())


def show_unchecked(forms: Iterable[BaseForm], formsets: Iterable[BaseFormSet] = ()) -> None:
    """Let forms show what was typed so far without asking for what is still missing."""
    for form in forms:
        form._errors = ErrorDict()
    for formset in formsets:
        formset._errors, formset._non_form_errors = [{} for _ in formset.forms], ErrorList()


def _screen(request: HttpRequest) -> str:
    """Return the address of a screen: its path, with the kind, the services and the fields that it shows."""
    query = [
        (name, sorted(set(request.GET.getlist(name)))) for name in ("kind", "service", "field") if name in request.GET
    ]
    path = quote(request.path.replace("\0", ""))
    return (f"{path}?{urlencode(query, doseq=True)}" if query else path)[:500]
