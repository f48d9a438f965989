"""Sagas over nothing: what steps do is up to the test, which replaces the activities.

The definitions are registered by the test, too.
"""

from typing import Any

import azure.durable_functions as df

from workflows.attention import activities as attention_activities, http as attention_http
from workflows.saga import (
    activities as saga_activities,
    http as saga_http,
    orchestrator as saga_orchestrator,
)

app = df.DFApp()

for module in (
    saga_orchestrator,
    saga_activities,
    saga_http,
    attention_activities,
    attention_http,
):
    app.register_functions(module.blueprint)


@app.function_name("probe_act")
@app.activity_trigger(input_name="payload")
def act(payload: Any) -> Any:
    """Do a step."""
    raise NotImplementedError(payload)


@app.function_name("probe_undo")
@app.activity_trigger(input_name="payload")
def undo(payload: Any) -> Any:
    """Undo a step."""
    raise NotImplementedError(payload)
