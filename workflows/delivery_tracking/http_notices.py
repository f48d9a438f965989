"""The way in for carriers: they tell of scans as they make them.

A scan is kept before it is answered, and the instance that follows the parcel is woken to look; so
a notice may come late, twice, or while nobody listens. One about nothing that is followed is taken
all the same, or its sender would go on sending.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError
from shared.http import read_model
from shared.notices import believed_id, taken_notices, wake
from shared.settings import current_settings
from workflows.delivery_tracking import api, names
from workflows.delivery_tracking.gateways import kept_scans
from workflows.delivery_tracking.models import Scan, ScannedShipment, ShipmentScanned

blueprint = df.Blueprint()


@blueprint.function_name(names.CARRIER_NOTICE)
@blueprint.route(route="webhooks/carrier", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.SEND_NOTICE, api.CARRIER_NOTICE)
async def take_scan(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take a scan that the carrier tells of, signed by Standard Webhooks: 204."""
    secret = current_settings().carrier_notice_secret
    notice_id = believed_id(req, secret, now=system_clock().now())
    scanned = read_model(req, ShipmentScanned).data
    follower = await _follower(client, scanned)
    if follower is not None:
        await _take(client, follower, scanned, notice_id)
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


async def _take(
    client: df.DurableOrchestrationClient,
    follower: InstanceId,
    scanned: ScannedShipment,
    notice_id: str,
) -> None:
    scan = Scan(scan_id=scanned.scan_id, code=scanned.code, at=scanned.at)
    scans = await asyncio.to_thread(kept_scans)
    if not await asyncio.to_thread(scans.keep, scanned.shipment_id, scan):
        return
    taken = await asyncio.to_thread(taken_notices)
    now = system_clock().now()
    await wake(client, taken, follower, provider="carrier", notice_id=notice_id, at=now)


async def _follower(
    client: df.DurableOrchestrationClient, scanned: ScannedShipment
) -> InstanceId | None:
    """Return who follows this very parcel; None for anything else that the reference may name."""
    try:
        instance_id = InstanceId.parse(scanned.reference)
    except InstanceUnknownError:
        return None
    view = await find_instance(client, instance_id)
    return instance_id if view and _follows(view, scanned.shipment_id) else None


def _follows(view: InstanceView, shipment_id: str) -> bool:
    if view.is_terminal or view.orchestrator != names.ORCHESTRATOR:
        return False
    match view.custom_status:
        case {"shipmentId": followed}:
            return bool(followed == shipment_id)
        case _:
            return False
