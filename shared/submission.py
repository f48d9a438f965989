"""Submit a business object once: the same request again leads to the same instance.

The order of things survives a crash at any point: the request is kept first, then the instance is
started, then the start is noted. Whoever comes next with the same request finishes what is missing.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import azure.durable_functions as df

from shared.clock import Clock
from shared.durable import InstanceId, InstanceView, find_instance, start_once
from shared.errors import ConflictingRequestError, InstancePurgedError
from shared.models import JsonObject
from shared.stored_requests import StoredRequest, StoredRequests, digest_of
from shared.telemetry.invocations import concerns, departing, started

_LEASE = timedelta(seconds=3)
_PAUSE = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What to start, under which id, for which request.

    ``body`` and ``contact`` are kept for activities; only ``client_input`` enters the history.
    """

    business_id: str
    instance_id: InstanceId
    orchestrator: str
    client_input: JsonObject
    body: JsonObject
    contact: str


async def submit(
    submission: Submission,
    *,
    client: df.DurableOrchestrationClient,
    requests: StoredRequests,
    clock: Clock,
) -> InstanceView | None:
    """Start the instance of a new request, or find the one of a known request.

    Returns:
        The instance as it is, or None when it has just been started.

    Raises:
        ConflictingRequestError: The id belongs to a request with another content.
        InstancePurgedError: The request was served before and its instance has been purged.
        StorageUnavailableError: Try again; nothing is lost.
    """
    concerns(submission.instance_id)
    request, is_new = await asyncio.to_thread(
        requests.keep,
        submission.business_id,
        body=submission.body,
        contact=submission.contact,
        now=clock.now(),
    )
    if request.digest != digest_of(submission.body):
        raise ConflictingRequestError(
            f"{submission.business_id} was submitted before with another content"
        )
    if not is_new:
        found = await _found_or_claimed(submission, request, client, requests, clock)
        if found is not None:
            return found
    await start_once(
        client,
        submission.orchestrator,
        submission.instance_id,
        departing(submission.client_input, submission.orchestrator, now=clock.now()),
    )
    started()
    await asyncio.to_thread(requests.mark_started, submission.business_id)
    return None


async def _found_or_claimed(
    submission: Submission,
    request: StoredRequest,
    client: df.DurableOrchestrationClient,
    requests: StoredRequests,
    clock: Clock,
) -> InstanceView | None:
    """Wait until the instance is there, or until it is ours to start: then None."""
    while True:
        found = await find_instance(client, submission.instance_id)
        if found is not None:
            if not request.started:
                await asyncio.to_thread(requests.mark_started, submission.business_id)
            return found
        if request.started:
            raise InstancePurgedError(f"{submission.business_id} ended and has been purged")
        now = clock.now()
        if request.claim_expired(now=now, lease=_LEASE) and await asyncio.to_thread(
            requests.claim, request, now=now
        ):
            return None
        await asyncio.sleep(_PAUSE.total_seconds())
        request = await asyncio.to_thread(requests.load, submission.business_id)
