"""Orders of every kind, whatever can go wrong with them, and when: drawn for property tests.

What is drawn is a value that says all of it; who plays it is the test that draws it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from hypothesis import strategies as st

from shared.cancellation import CLOSE_CANCELLATION
from shared.errors import ProviderUnavailableError
from workflows.delivery_tracking import names as tracking_names
from workflows.order_processing import names

NEVER: Final = 10**6
# One more failure than any patience takes: the step is tried again by an operator's word.
OUTLASTS: Final = 17

EFFECTS: Final = (
    names.VALIDATE_ORDER,
    names.RESERVE_STOCK,
    names.FIND_AMENDMENT,
    names.EXTEND_RESERVATION,
    names.AUTHORIZE_PAYMENT,
    names.FIND_PAYMENT,
    names.BOOK_SHIPMENT,
    names.COMMIT_STOCK,
    CLOSE_CANCELLATION,
    names.CAPTURE_PAYMENT,
    names.RELEASE_STOCK,
    names.VOID_PAYMENT,
    names.CANCEL_SHIPMENT,
    names.NOTIFY_CUSTOMER,
    names.RECORD_OUTCOME,
    names.RECORD_REFUND,
    tracking_names.NOTIFY_CUSTOMER,
)
STEPS: Final = (*EFFECTS, tracking_names.CHECK_SHIPMENT)
TOKENS: Final = (
    *("approved",) * 6,
    *("declined", "pending_settles", "pending_forever", "lost_answer"),
    *("down_2", "down_9", "capture_down_3", "void_down_9"),
)
SERVICES: Final = (
    *("standard",) * 5,
    *("sandbox_refused", "sandbox_down_2", "sandbox_lost_answer", "sandbox_down"),
    *("sandbox_lost", "sandbox_returned", "sandbox_failed_attempt"),
    *("sandbox_return_lost", "sandbox_return_unused", "sandbox_return_refused"),
)
PARTLY_THERE: Final = (
    (("limited-print", 4, 25000),),  # three are left
    (("notebook", 1, 650), ("limited-print", 4, 25000)),
)
LINES: Final = (
    *((("notebook", 2, 650),),) * 8,
    (("notebook", 1, 650), ("desk-lamp", 2, 4990)),
    (("retired-mug", 1, 1450),),  # none is left
    *PARTLY_THERE * 2,
    (("notebook", 1, 1),),  # not its price
)


class Way(StrEnum):
    """How calls of an activity go wrong."""

    BEFORE = "before"  # no answer and no effect
    AFTER = "after"  # the effect, and no answer
    TWICE = "twice"  # delivered twice; the first answer counts
    REDELIVERED = "redelivered"  # the answer is lost, and the call comes again as after a crash
    SLOW = "slow"  # a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """The next so many calls of an activity go wrong."""

    activity: str
    way: Way
    times: int


class Deed(StrEnum):
    """What somebody does, or something, while the order is on its way."""

    CRASH = "crash"
    CANCEL = "cancel"
    AMEND = "amend"  # take half of each line
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCase:
    """One order: what is sent, what goes wrong, and what is done after so many seconds."""

    token: str
    service: str
    lines: tuple[tuple[str, int, int], ...]
    mishaps: tuple[Mishap, ...]
    deeds: tuple[tuple[int, Deed], ...]
    is_paced: bool  # every step takes a second, so that a second names a step


@dataclass
class Troublemaker:
    """Stands between the host and one activity, and lets its calls go wrong."""

    real: Callable[[Any], Any]
    left: Counter[Way] = field(default_factory=Counter[Way])

    def __call__(self, payload: Any) -> Any:
        if self.left[Way.BEFORE] > 0:
            self.left[Way.BEFORE] -= 1
            raise ProviderUnavailableError("no answer, no effect")
        result = self.real(payload)
        if self.left[Way.AFTER] > 0:
            self.left[Way.AFTER] -= 1
            raise ProviderUnavailableError("the answer is lost")
        return result


@st.composite
def order_cases(draw: st.DrawFn, *, longest: int) -> OrderCase:
    """Draw an order; ``longest`` is how often an activity fails that does not heal by itself."""
    mishaps = st.one_of(
        st.builds(
            Mishap,
            activity=st.sampled_from(STEPS),
            way=st.sampled_from(Way),
            times=st.sampled_from([1, 1, 2, 4]),
        ),
        # A carrier that never says where the parcel is is another story: it is asked for weeks.
        st.builds(
            Mishap,
            activity=st.sampled_from(EFFECTS),
            way=st.sampled_from([Way.BEFORE, Way.AFTER]),
            times=st.just(longest),
        ),
    )
    moments = st.one_of(st.integers(0, 12), st.integers(0, 1200))
    lines = draw(st.sampled_from(LINES))
    deeds = draw(st.lists(st.tuples(moments, st.sampled_from(Deed)), max_size=3))
    if lines in PARTLY_THERE and draw(st.booleans()):
        deeds.append((draw(moments), Deed.AMEND))
    return OrderCase(
        token=f"tok_sandbox_{draw(st.sampled_from(TOKENS))}",
        service=draw(st.sampled_from(SERVICES)),
        lines=lines,
        mishaps=tuple(draw(st.lists(mishaps, max_size=3))),
        deeds=tuple(sorted(deeds)),
        is_paced=draw(st.booleans()),
    )
