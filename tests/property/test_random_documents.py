"""Any people, any versions, any silence: what is published was approved in this version."""

from datetime import timedelta
from typing import Any

from hypothesis import given, strategies as st

from tests.support.approvals import BOSS, FIRST, REQUESTER, SECOND, THIRD, Paper, a_level, a_request
from workflows.approval.documents import publication_of, versions_of
from workflows.approval.entries import EntryKind, LevelOpened
from workflows.approval.state import approvals_needed

VERSIONS = tuple(letter * 64 for letter in "abc")
DOCUMENT = {"sha256": VERSIONS[0], "name": "Contract", "mediaType": "application/pdf"}
DAY = timedelta(days=1)


def _level(approvers: list[str], policy: str, escalates: bool) -> dict[str, Any]:  # noqa: FBT001 - drawn
    escalate_to = [BOSS] if escalates else []
    return a_level(*approvers, policy=policy, timeoutS=86_400, escalateTo=escalate_to)


LEVELS = st.builds(
    _level,
    st.lists(st.sampled_from((FIRST, SECOND, THIRD)), min_size=1, max_size=2, unique=True),
    st.sampled_from(["any", "all"]),
    st.booleans(),
)
# Whoever is asked says something: mostly yes, or hardly any request would see its second level.
YES = st.tuples(st.just("approve"), st.integers(0, 1), st.none())
ACTIONS = st.one_of(
    YES,
    YES,
    st.tuples(st.just("revise"), st.integers(0, 1), st.sampled_from(VERSIONS)),
    st.tuples(st.just("revise"), st.integers(0, 1), st.none()),
    st.tuples(st.just("approve"), st.integers(0, 1), st.sampled_from(VERSIONS)),
    st.tuples(st.just("silence")),
)


def act(paper: Paper, action: tuple[Any, ...]) -> None:
    asked = paper.state.undecided
    match action:
        case ("approve", int(place), version) if asked:  # no version: the current one
            sha256 = version or paper.state.document_sha256
            paper.decides(asked[place % len(asked)], document_sha256=sha256)
        case ("revise", int(place), version) if asked:
            sha256 = paper.state.document_sha256
            paper.decides(asked[place % len(asked)], "request_changes", document_sha256=sha256)
            paper.advance()
            paper.resubmits(REQUESTER, document_sha256=version)
        case ("silence",):
            paper.advance(DAY)
        case _:
            pass
    paper.advance()


def approved_by_whoever_is_left(paper: Paper) -> None:
    """Let everybody who is still asked say yes to what they see."""
    while asked := paper.state.undecided:
        said = paper.decides(asked[0], document_sha256=paper.state.document_sha256)
        assert said == "recorded"
        paper.advance()


@given(
    chain=st.lists(LEVELS, min_size=2, max_size=3),
    actions=st.lists(ACTIONS, min_size=6, max_size=12),
)
def test_every_level_agreed_to_the_version_that_is_published(
    chain: list[dict[str, Any]], actions: list[tuple[Any, ...]]
) -> None:
    paper = Paper(a_request(*chain, kind="document", amount=None, document=DOCUMENT))
    paper.advance()

    for action in actions:
        act(paper, action)
    approved_by_whoever_is_left(paper)

    openings = [entry for entry in paper.entries if entry.kind == EntryKind.LEVEL_OPENED]
    rounds = [(opening.level, opening.round) for opening in openings]
    assert len(set(rounds)) == len(rounds), "a round's number was used twice"
    publication = publication_of("R1", paper.entries)
    assert (publication is not None) == (paper.state.status == "approved")
    if publication is None:
        return
    assert publication.document.sha256 == paper.state.document_sha256
    assert publication.document.sha256 in versions_of(paper.entries)
    for level, opening in {opening.level: opening for opening in openings}.items():
        last = [e.kind for e in paper.entries if (e.level, e.round) == (level, opening.round)]
        if EntryKind.NO_DECISION in last:
            continue  # silence passed it on to the next level, and the log says so
        asked = LevelOpened.from_json(opening.payload)
        counted = [one for one in publication.approvals if one.level == level]
        assert len(counted) >= approvals_needed(asked.policy, len(asked.approvers))
