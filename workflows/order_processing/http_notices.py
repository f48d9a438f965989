"""The way in for payment providers: they tell that a payment has changed, and its order asks them.

A notice that is about nothing that waits is taken all the same, or its sender would go on sending.
"""

import asyncio
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError, NoticeRefusedError
from shared.http import read_model
from shared.notices import believed_id, signed_body, taken_notices, wake
from shared.providers.payments import PaymentNotice
from shared.providers.stripe_notices import stripe_notice
from shared.settings import current_settings
from workflows.order_processing import api, names
from workflows.order_processing.models import PaymentChanged

blueprint = df.Blueprint()


@blueprint.function_name(names.STRIPE_NOTICE)
@blueprint.route(route="webhooks/stripe", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.SEND_NOTICE, api.STRIPE_NOTICE)
async def take_stripe_notice(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take what Stripe tells of a payment: 204, also for what is about nothing of ours."""
    account = current_settings().stripe
    if account is None or account.notice_secret is None:
        raise NoticeRefusedError("no notice of Stripe's is expected here")
    body, headers = signed_body(req)
    notice = await asyncio.to_thread(stripe_notice, body, headers, secret=account.notice_secret)
    return await _taken(client, "stripe", notice)


@blueprint.function_name(names.PAYMENT_NOTICE)
@blueprint.route(route="webhooks/payments", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.SEND_NOTICE, api.PAYMENT_NOTICE)
async def take_payment_notice(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take what a provider tells of a payment, signed by Standard Webhooks: 204."""
    secret = current_settings().payment_notice_secret
    notice_id = believed_id(req, secret, now=system_clock().now())
    changed = read_model(req, PaymentChanged)
    return await _taken(
        client, "payments", PaymentNotice(notice_id=notice_id, key=changed.data.key)
    )


async def _taken(
    client: df.DurableOrchestrationClient, provider: str, notice: PaymentNotice | None
) -> func.HttpResponse:
    instance_id = _instance_of(notice.key) if notice else None
    if notice is not None and instance_id is not None:
        taken = await asyncio.to_thread(taken_notices)
        await wake(
            client,
            taken,
            instance_id,
            provider=provider,
            notice_id=notice.notice_id,
            at=system_clock().now(),
        )
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


def _instance_of(key: str) -> InstanceId | None:
    """A payment's key begins with the instance that pays."""
    try:
        return InstanceId.parse(key.rpartition(":")[0])
    except InstanceUnknownError:
        return None
