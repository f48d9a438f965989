"""However scans come in (late, twice, in any order, asked for or told), the story is the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings, strategies as st

from tests.support.parcels import TimedCarrier
from tests.support.playing import T0
from tests.support.tracking_world import Notices, World
from workflows.delivery_tracking.journey import ALLOWED, CODES, ENDS, journey
from workflows.delivery_tracking.letters import worth_telling
from workflows.delivery_tracking.models import DeliveryStatus, Scan, TrackingState
from workflows.delivery_tracking.questions import Reading
from workflows.delivery_tracking.transitions import heard

type Letter = tuple[DeliveryStatus, datetime | None]

FAR: Final = T0 + timedelta(days=365)
YEAR_S: Final = 365 * 86400
NEVER_S: Final = 400 * 86400.0
CODE_OF: Final = {status: code for code, status in CODES.items()}
HEARD_ENDS: Final = ENDS - {DeliveryStatus.EXPIRED}
HOURS: Final = st.integers(min_value=1, max_value=40).map(lambda hours: timedelta(hours=hours))


@st.composite
def routes(draw: st.DrawFn) -> list[Scan]:
    """Draw a way that a parcel may really go, from the counter to an end."""
    status, at = DeliveryStatus.BOOKED, T0
    made: list[Scan] = []
    stops = draw(st.integers(0, 8))
    while status not in ENDS:
        further = ALLOWED[status] - ENDS if len(made) < stops else None
        status = draw(st.sampled_from(sorted(further or HEARD_ENDS)))
        at += draw(HOURS)
        scan_id = f"{draw(st.integers(0, 99))}-{len(made)}"  # says nothing of the order
        made.append(Scan(scan_id=scan_id, code=CODE_OF[status], at=at))
    return made


def a_scan(code: str, hours: int) -> Scan:
    return Scan(scan_id=f"{code}-{hours}", code=code, at=T0 + timedelta(hours=hours))


ANY_SCANS: Final = st.lists(
    st.builds(
        a_scan,
        st.sampled_from([*sorted(CODES), "mislaid"]),
        st.integers(0, 60),
    ),
    max_size=30,
)


def letters_in_order(made: Sequence[Scan]) -> list[Letter]:
    """Return what is told of a way when every scan is heard as it is made."""
    told = [(CODES[scan.code], scan.at) for scan in made]
    return [letter for letter in told if worth_telling(letter[0])]


def is_within(told: Sequence[Letter], whole: Sequence[Letter]) -> bool:
    """Whether some letters are some of the whole, in its order, and none is told twice."""
    rest = iter(whole)
    return all(letter in rest for letter in told)


def seen(scans: Sequence[Scan]) -> Reading:
    found = journey(scans, as_of=FAR)
    return Reading(
        status=found.status,
        moved_at=found.moved_at,
        scans=found.scans,
        heard_at=found.heard_at,
        attempts=found.attempts,
    )


def states_along(scans: Sequence[Scan]) -> list[TrackingState]:
    """Take scans in one by one, until one ends it."""
    states = [TrackingState(until=FAR, heard_at=T0)]
    for known in range(1, len(scans) + 1):
        states.append(heard(states[-1], seen(scans[:known])))
        if states[-1].status in ENDS:
            break
    return states


@given(ANY_SCANS, st.randoms(use_true_random=False))
def test_what_scans_say_together_has_nothing_to_do_with_their_order_or_number(
    scans: list[Scan], chance: Random
) -> None:
    again = [*scans, *scans[: len(scans) // 2]]
    chance.shuffle(again)

    assert journey(again, as_of=FAR) == journey(scans, as_of=FAR)


@given(ANY_SCANS)
def test_a_story_never_goes_back_whatever_it_is_told(scans: list[Scan]) -> None:
    states = states_along(scans)

    for before, after in pairwise(states):
        assert after.scans >= before.scans
        assert after.attempts >= before.attempts
        assert after.heard_at is not None
        assert before.heard_at is not None
        assert after.heard_at >= before.heard_at
        if after.status is not before.status:
            assert after.status in ALLOWED[before.status]


@given(routes().flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_a_way_ends_the_same_and_tells_the_same_in_any_order(
    case: tuple[list[Scan], list[Scan]],
) -> None:
    made, told = case
    states = states_along(told)
    moves = [
        (after.status, after.moved_at)
        for before, after in pairwise(states)
        if (after.status, after.moved_at) != (before.status, before.moved_at)
    ]
    letters = [letter for letter in moves if worth_telling(letter[0])]

    assert states[-1].status is CODES[made[-1].code]
    assert is_within(letters, letters_in_order(made))
    if told == made:
        assert letters == letters_in_order(made)


AWAY: Final = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=3)


@st.composite
def notices_of(draw: st.DrawFn, made: Sequence[Scan]) -> list[tuple[datetime, Scan]]:
    """Draw when the carrier tells of each scan: never, late, or several times."""
    coming: list[tuple[datetime, Scan]] = []
    for scan in made:
        delays = draw(st.lists(st.integers(0, 60 * 60), max_size=3))
        coming += [(scan.at + timedelta(minutes=delay), scan) for delay in delays]
    return sorted(coming, key=lambda notice: notice[0])


@settings(max_examples=40)
@given(
    routes().flatmap(lambda made: st.tuples(st.just(made), notices_of(made))),
    AWAY,
    st.sampled_from([None, timedelta(0), timedelta(hours=1), timedelta(days=3)]),
)
def test_a_parcels_story_ends_as_its_way_did_and_tells_each_thing_once(
    case: tuple[list[Scan], list[tuple[datetime, Scan]]],
    away: list[tuple[int, int]],
    proposes: timedelta | None,
) -> None:
    made, coming = case
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(
            monkeypatch,
            carrier=TimedCarrier(
                scans=made,
                proposes=proposes,
                away_at=[
                    (T0 + timedelta(hours=begin), T0 + timedelta(hours=begin + hours))
                    for begin, hours in away
                ],
            ),
            notices=Notices(coming=coming),
        )
        run = world.to_the_end(limitS=YEAR_S, silenceS=NEVER_S)

    assert run.output["status"] == CODES[made[-1].code]
    whole = letters_in_order(made)
    assert is_within(world.letters(), whole)
    if worth_telling(CODES[made[-1].code]):
        assert world.letters()[-1] == whole[-1]


@settings(max_examples=20)
@given(routes())
def test_a_parcel_whose_scans_are_told_as_they_are_made_has_a_letter_for_each_move(
    made: list[Scan],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(
            monkeypatch,
            carrier=TimedCarrier(scans=made),
            notices=Notices(coming=[(scan.at, scan) for scan in made]),
        )
        run = world.to_the_end(limitS=YEAR_S, silenceS=NEVER_S)

    assert world.letters() == letters_in_order(made)
    attempts = sum(scan.code == "failed_attempt" for scan in made)
    assert run.output["attempts"] == attempts
