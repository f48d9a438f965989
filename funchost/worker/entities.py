"""What an entity function is called with, and what comes back."""

import json
from typing import Any, cast

from funchost.engine.calls import EntityAnswer, EntityBatch, OperationResult
from funchost.worker.payloads import compact


def batch_text(batch: EntityBatch) -> str:
    """Return the text an entity function is called with; the SDK refuses any further member."""
    return compact(
        {
            "self": {"name": batch.name, "key": batch.key},
            "exists": batch.exists,
            "state": batch.state,
            "batch": [
                {"name": operation.name, "input": operation.input, "isSignal": operation.is_signal}
                for operation in batch.operations
            ],
        }
    )


def batch_answer(text: str) -> EntityAnswer:
    """Read what an entity function returned.

    Raises:
        ValueError: it makes no sense.
    """
    try:
        answer = cast("dict[str, Any]", json.loads(text))
        exists = bool(answer["entityExists"])
        return EntityAnswer(
            results=tuple(
                OperationResult(result=str(result["result"]), is_error=bool(result["isError"]))
                for result in answer["results"]
            ),
            exists=exists,
            state=answer.get("entityState") if exists else None,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the entity's answer could not be understood: {error}") from error


def batch_failure(batch: EntityBatch, text: str) -> EntityAnswer:
    """Fail every operation of a batch, leaving the state as it was.

    The real host would run such a batch again for ever; a caller is better served by an error.
    """
    failed = OperationResult(result=compact(text), is_error=True)
    return EntityAnswer(
        results=(failed,) * len(batch.operations), exists=batch.exists, state=batch.state
    )
