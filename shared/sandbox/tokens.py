"""What each sandbox payment token makes the provider do. The table is in ``payments.py``."""

import re
from dataclasses import dataclass
from enum import StrEnum


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    AUTHORIZED = "authorized"  # the funds are held
    PENDING = "pending"  # the provider has not decided yet
    DECLINED = "declined"  # the issuer said no; see the decline code
    CAPTURED = "captured"  # the held funds were taken
    VOIDED = "voided"  # the hold was dropped, or the payment was called off before it came
    REFUNDED = "refunded"  # the taken funds were given back


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the provider treats one payment.

    Attributes:
        status: what it becomes when it is authorized.
        decline_code: why, when that is ``DECLINED``.
        settles_at_find: the ``find`` call at which a pending payment settles; 0 is never.
        loses_answer: the payment is made and the answer to that call is lost.
        outage_calls: how many ``authorize`` calls fail first.
        capture_outage_calls: how many ``capture`` calls fail first.
        void_outage_calls: how many ``void`` calls fail first.
    """

    status: PaymentStatus = PaymentStatus.AUTHORIZED
    decline_code: str = ""
    settles_at_find: int = 0
    loses_answer: bool = False
    outage_calls: int = 0
    capture_outage_calls: int = 0
    void_outage_calls: int = 0


_FIXED = {
    "tok_sandbox_approved": Behaviour(),
    "tok_sandbox_declined": Behaviour(
        status=PaymentStatus.DECLINED, decline_code="insufficient_funds"
    ),
    "tok_sandbox_pending_settles": Behaviour(status=PaymentStatus.PENDING, settles_at_find=3),
    "tok_sandbox_pending_forever": Behaviour(status=PaymentStatus.PENDING),
    "tok_sandbox_lost_answer": Behaviour(loses_answer=True),
}
_UNKNOWN = Behaviour(status=PaymentStatus.DECLINED, decline_code="unknown_token")
_COUNTED = re.compile(
    r"tok_sandbox_(?P<operation>down|capture_down|void_down)_(?P<calls>[0-9]{1,3})"
)


def behaviour_of(token: str) -> Behaviour:
    """Return what a token stands for; a token that is not in the table is declined."""
    counted = _COUNTED.fullmatch(token)
    if counted is None:
        return _FIXED.get(token, _UNKNOWN)
    calls = int(counted["calls"])
    match counted["operation"]:
        case "capture_down":
            return Behaviour(capture_outage_calls=calls)
        case "void_down":
            return Behaviour(void_outage_calls=calls)
        case _:
            return Behaviour(outage_calls=calls)
