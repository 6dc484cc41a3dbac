"""Reads the list with the client that openapi-python-client generates: ``python reads.py http://host``."""

import json
import sys

from catalogue_client import Client
from catalogue_client.api.entitlements import entitlements_create
from catalogue_client.api.services import services_list, services_retrieve
from catalogue_client.models import CircumstancesRequest

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
found = services_list.sync(client=client, q="养老")
service = services_retrieve.sync("NM-05-01", client=client)
sparse = services_list.sync(client=client, q="养老", fields=["code", "name"])
refused = services_list.sync(client=client, domain=["NM-99"])
judged = entitlements_create.sync(client=client, body=CircumstancesRequest.from_dict({"circumstances": {"age": 70}}))
print(
    json.dumps(
        {
            "code": found.results[0].code,
            "field": found.results[0].matches[0].field,
            "verification": service.verification.name,
            "sparse": [sparse.results[0].name, sparse.results[0].content or None],
            "digest": found.edition.digest,
            "refused": refused.errors[0].field,
            "asked": judged.next_question.fact,
        }
    )
)
