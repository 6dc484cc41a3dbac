"""What proposals want entries to say, as documents that can be compared with those of an edition."""

from collections.abc import Sequence

from catalogue.editions import merge
from catalogue.editions.document import TERM_NAMES, eligibility_document, entry_data, with_sources
from catalogue.workflow.models import ProposedEntry
from services.eligibility import rules
from services.models import Department, Domain, TargetGroup
from services.sources import Source
from services.values import quoted_values


def wanted(entry: ProposedEntry, before: dict | None) -> dict:
    """Return the data of an entry after the proposed change, in the format of ``entry_data()``."""
    data = entry.entry_data or {}
    return merge.apply_change(entry_data(before), data) if before and entry.action != "add" else data


class Vocabularies:
    """Turns proposed entries into documents. Each vocabulary is read once for all entries."""

    ONE = {"domain": Domain, "lead_department": Department}
    MANY = {
        "target_groups": TargetGroup,
        "lead_department_alternatives": Department,
        "co_departments": Department,
        "legal_basis": Source,
    }

    def __init__(self):
        self._terms = {
            model: {term.code: term for term in model.objects.order_by("position", "code")}
            for model in (Domain, Department, TargetGroup, Source)
        }

    def documented(self, data: dict) -> dict:
        """Return entry data (``entry_data()``) as a document, comparable with one of an edition.

        A draft may contain unknown codes: their names state that the vocabulary lacks them.
        """
        document = dict(data)
        for column, model in self.ONE.items():
            codes = [data[column]] if data.get(column) else []
            document[column] = next(iter(self._term_documents(model, codes, TERM_NAMES[column])), None)
        for column, model in self.MANY.items():
            document[column] = self._term_documents(model, data.get(column) or [], TERM_NAMES[column])
        # Invalid amounts, shares and rules are among the faults of the proposal.
        quoted = {name: data.get(name) or [] for name in quoted_values.COLUMNS}
        quoted = {name: [] if quoted_values.COLUMNS[name].faults(values) else values for name, values in quoted.items()}
        rule = None if rules.faults(data.get("eligibility")) else data.get("eligibility")
        cited = [*data.get("citations", []), *quoted_values.clauses_of(quoted | {"eligibility": rule})]
        citations = data.get("citations", [])
        source_codes = list(dict.fromkeys(citation["source"] for citation in cited))
        sources = {
            term["code"]: term for term in self._term_documents(Source, source_codes, ("title", "document_number"))
        }
        document["citations"] = [citation | {"source": sources[citation["source"]]} for citation in citations]
        document |= {name: with_sources(values, sources) for name, values in quoted.items()}
        if rule:
            document["eligibility"] = eligibility_document(rule, sources)
        return document

    def _term_documents(self, model: type, codes: list[str], attributes: Sequence[str]) -> list[dict]:
        """Return terms as in documents, in the order of the vocabulary, unknown codes last."""
        terms = [term for code, term in self._terms[model].items() if code in codes]
        documents = [{name: getattr(term, name) for name in ("code", *attributes)} for term in terms]
        unknown_codes = [code for code in codes if code not in self._terms[model]]
        return documents + [{"code": code, attributes[0]: f"{code}（词表中没有）"} for code in unknown_codes]
