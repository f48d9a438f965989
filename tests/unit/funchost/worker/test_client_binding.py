"""The text that a durable client is made of."""

import json
from typing import Any

from funchost.worker.client_binding import ClientEndpoint, client_text
from funchost.worker.functions import Binding

ENDPOINT = ClientEndpoint(
    public_url="http://localhost:7071", rpc_url="http://127.0.0.1:7071", hub="Orders", key="K=="
)


def text_for(**settings: Any) -> dict[str, Any]:
    binding = Binding(type="durableClient", name="client", direction="in", settings=settings)
    result: dict[str, Any] = json.loads(client_text(ENDPOINT, binding))
    return result


def test_the_sdks_client_is_sent_to_an_address_that_ends_in_a_slash() -> None:
    assert text_for()["rpcBaseUrl"] == "http://127.0.0.1:7071/durabletask/"


def test_hub_connection_and_key_are_part_of_every_management_address() -> None:
    urls = text_for()["managementUrls"]

    assert urls.pop("id") == "INSTANCEID"
    assert urls["statusQueryGetUri"] == (
        "http://localhost:7071/runtime/webhooks/durabletask/instances/INSTANCEID"
        "?taskHub=Orders&connection=Storage&code=K%3D%3D"
    )
    assert len(urls) == 8
    assert all(
        url.endswith("taskHub=Orders&connection=Storage&code=K%3D%3D") for url in urls.values()
    )


def test_a_binding_may_name_its_own_hub_and_connection() -> None:
    text = text_for(taskHub="Other", connectionName="My Storage")

    assert text["taskHubName"] == "Other"
    assert text["connectionName"] == "My Storage"
    assert "taskHub=Other&connection=My%20Storage" in text["managementUrls"]["restartPostUri"]


def test_absent_members_are_there_as_null() -> None:
    text = text_for()

    assert text["connectionName"] is None
    assert text["httpBaseUrl"] is None
    assert text["requiredQueryStringParameters"] == "code=K%3D%3D"
