"""A batch as it is often sketched: rows and errors through the history, chunks in waves.

It validates and transforms rows as the application does, with the same code, and is given the same
file. It writes nothing and retries nothing: what is compared is how the work is divided.
"""

import csv
from collections import Counter
from collections.abc import Generator
from itertools import batched
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from workflows.batch_processing.pipelines.catalogue_import import CATALOGUE_IMPORT

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]


@app.route(route="ping")
def ping(req: func.HttpRequest) -> str:
    """Answer."""
    del req
    return "pong"


@app.orchestration_trigger(context_name="context")
def naive_batch(context: df.DurableOrchestrationContext) -> Story:
    """Read everything, then work through it wave by wave."""
    order = context.get_input()
    chunks = yield context.call_activity("read_chunks", order)
    accepted, failed = 0, 0
    sums: Counter[str] = Counter()
    for wave in batched(chunks, order["maxParallelism"], strict=False):
        results = yield context.task_all(
            [context.call_activity("process_chunk", chunk) for chunk in wave]
        )
        for result in results:
            accepted += result["accepted"]
            failed += len(result["errors"])
            sums.update(result["sums"])
    return {"accepted": accepted, "failed": failed, "sums": dict(sums)}


@app.activity_trigger(input_name="payload")
def read_chunks(payload: Any) -> list[list[dict[str, str]]]:
    """Read the file whole, and hand its rows back."""
    order: dict[str, Any] = payload
    with Path(order["path"]).open(encoding="utf-8", newline="") as file:
        rows = [
            {name: value for name, value in row.items() if name} for row in csv.DictReader(file)
        ]
    return [list(chunk) for chunk in batched(rows, order["batchSize"], strict=False)]


@app.activity_trigger(input_name="payload")
def process_chunk(payload: Any) -> dict[str, Any]:
    """Validate and transform rows; what is wrong goes back with them."""
    rows: list[dict[str, str]] = payload
    accepted = 0
    errors: list[dict[str, Any]] = []
    sums: Counter[str] = Counter()
    for number, row in enumerate(rows):
        try:
            result = CATALOGUE_IMPORT.transform(CATALOGUE_IMPORT.row.validate_strings(row))
        except ValidationError as error:
            errors.append({"row": number, "item": row, "error": error.errors()[0]["msg"]})
            continue
        accepted += 1
        for control in CATALOGUE_IMPORT.control_sums:
            sums[control.name] += result[control.of_result]
    return {"accepted": accepted, "errors": errors, "sums": dict(sums)}
