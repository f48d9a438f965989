"""What this host leaves out is refused at the start, by function, binding and type.

There is a function for each kind of trigger and binding that azure-functions can declare and this
host does not serve, and some that have to be declared generically.
"""

import re
from pathlib import Path

import pytest

from tests.e2e.host.app_host import an_app, refused

pytestmark = pytest.mark.e2e

HEAD = """
import azure.functions as func
app = func.FunctionApp()
"""

TRIGGERS = {
    "eventGridTrigger": "event_grid_trigger('item')",
    "eventHubTrigger": "event_hub_message_trigger('item', 'C', 'hub')",
    "serviceBusTrigger": "service_bus_queue_trigger('item', 'C', 'queue')",
    "cosmosDBTrigger": "cosmos_db_trigger('item', 'C', 'db', 'container')",
    "kafkaTrigger": "kafka_trigger('item', 'topic', 'broker')",
    "sqlTrigger": "sql_trigger('item', 'table', 'C')",
    "mysqlTrigger": "mysql_trigger('item', 'table', 'C')",
    "warmupTrigger": "warm_up_trigger('item')",
    "mcpToolTrigger": "mcp_tool_trigger('item', 'tool', 'what it does')",
    "daprBindingTrigger": "dapr_binding_trigger('item', 'binding')",
    "daprTopicTrigger": "dapr_topic_trigger('item', 'pubsub', 'topic')",
    "daprServiceInvocationTrigger": "dapr_service_invocation_trigger('item', 'method')",
    "assistantSkillTrigger": "assistant_skill_trigger('item', 'what it does')",
    "signalRTrigger": "generic_trigger('item', 'signalRTrigger', hubName='h')",
    "rabbitMQTrigger": "generic_trigger('item', 'rabbitMQTrigger', queueName='q')",
    "redisStreamTrigger": "generic_trigger('item', 'redisStreamTrigger', key='k')",
    "webPubSubTrigger": "generic_trigger('item', 'webPubSubTrigger', hub='h')",
    "mcpPromptTrigger": "generic_trigger('item', 'mcpPromptTrigger')",
}
BINDINGS = {
    "eventGrid (out)": "event_grid_output('other', 'U', 'K')",
    "eventHub (out)": "event_hub_output('other', 'C', 'hub')",
    "serviceBus (out)": "service_bus_queue_output('other', 'C', 'queue')",
    "cosmosDB (in)": "cosmos_db_input('other', 'C', 'db', 'container')",
    "cosmosDB (out)": "cosmos_db_output('other', 'C', 'db', 'container')",
    "kafka (out)": "kafka_output('other', 'topic', 'broker')",
    "table (in)": "table_input('other', 'C', 'table')",
    "table (out)": "table_output('other', 'C', 'table')",
    "sql (in)": "sql_input('other', 'select 1', 'C')",
    "sql (out)": "sql_output('other', 'table', 'C')",
    "mysql (in)": "mysql_input('other', 'select 1', 'C')",
    "mysql (out)": "mysql_output('other', 'table', 'C')",
    "daprState (in)": "dapr_state_input('other', 'store', 'key')",
    "daprState (out)": "dapr_state_output('other', 'store', 'key')",
    "textCompletion (in)": "text_completion_input('other', 'prompt')",
    "embeddings (in)": "embeddings_input('other', 'text', 'rawText')",
    "sendGrid (out)": "generic_output_binding('other', 'sendGrid')",
    "twilioSms (out)": "generic_output_binding('other', 'twilioSms')",
    "signalR (out)": "generic_output_binding('other', 'signalR', hubName='h')",
    "signalRConnectionInfo (in)": (
        "generic_input_binding('other', 'signalRConnectionInfo', hubName='h')"
    ),
}


def test_every_trigger_that_is_not_served_is_refused_by_function_and_binding(
    tmp_path: Path,
) -> None:
    code = "".join(
        f"@app.function_name('{kind}_app')\n@app.{decorator}\ndef f{number}(item): pass\n"
        for number, (kind, decorator) in enumerate(TRIGGERS.items())
    )

    said = refused(an_app(tmp_path, HEAD + code))

    assert complaints(said) == {(f"{kind}_app", "item", f"{kind} (in)") for kind in TRIGGERS}


def test_every_binding_that_is_not_served_is_refused_by_function_and_binding(
    tmp_path: Path,
) -> None:
    code = "".join(
        f"@app.route('r{number}')\n@app.{decorator}\ndef f{number}(req, other): pass\n"
        for number, decorator in enumerate(BINDINGS.values())
    )

    said = refused(an_app(tmp_path, HEAD + code))

    assert complaints(said) == {
        (f"f{number}", "other", kind) for number, kind in enumerate(BINDINGS)
    }


def complaints(said: str) -> set[tuple[str, str, str]]:
    """Return function, binding and type of every line that says what is not served."""
    form = (
        r"Function '(\w+)' has the binding '(\w+)' of type (.*), which this host does not serve\."
    )
    found = {(each[1], each[2], each[3]) for each in re.finditer(form, said)}
    assert len(found) == len(said.splitlines())
    return found
