"""How an order that is taken is answered, whoever took it."""

from http import HTTPStatus

import azure.functions as func

from shared.http import answer, while_running, workflow_path
from workflows.order_processing.placing import Placed


def accepted(placed: Placed) -> func.HttpResponse:
    """Answer 202 while the order runs, 200 once it has ended."""
    location = workflow_path(placed.instance_id)
    return answer(
        {
            "orderId": placed.order_id,
            "instanceId": placed.instance_id,
            "links": {
                "self": location,
                "history": f"{location}?include=history",
                "delivery": workflow_path(f"tracking-{placed.order_id}"),
            },
        },
        status=HTTPStatus.OK if placed.has_ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if placed.has_ended else while_running(location),
    )
