"""Follows one instance until it ends: looks again whenever the app says that something changed.

The app holds each question until there is news (``wait=`` with an ETag). An app that is away for a
while is asked again; only silence longer than that ends it. What is seen is drawn elsewhere.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

from wfctl import api
from wfctl.client import Answer, path_of
from wfctl.documents import Document, text
from wfctl.exits import NotYetError, RefusedError, UnavailableError
from wfctl.session import Session

LONGEST_WAIT_S: Final = 30
_WITH_PROGRESS: Final = "batch-"  # these say more of themselves elsewhere, and more often
_PROGRESS_WAIT_S: Final = 2
_READERS_WAIT_S: Final = 10  # the sentence grows old: "in 8 s"
_SHORTEST_TURN_S: Final = 0.25
_PAUSE_S: Final = 2.0
_ATTEMPTS: Final = 12  # with growing pauses: about three and a half minutes of silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen at one look.

    Args:
        instance: The instance as the app shows it.
        is_new: Whether it differs from the look before.
        sentence: Why it is where it is; empty when the app does not say.
        is_stuck: Whether it needs somebody.
        job: The progress of a batch job, empty for everything else.
    """

    instance: Document
    is_new: bool
    sentence: str = ""
    is_stuck: bool = False
    job: Document = field(default_factory=dict[str, Any])

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return api.has_ended(self.instance)


class Follower:
    """Looks at one instance again and again.

    Args:
        session: The command's session.
        instance_id: Whom to follow.
        timeout_s: How long at most; None is until it ends.
        wants_more: Whether somebody reads explanations and progress.
    """

    def __init__(
        self, session: Session, instance_id: str, *, timeout_s: float | None, wants_more: bool
    ) -> None:
        self._session = session
        self._instance_id = instance_id
        self._clock = session.surroundings.clock
        self._give_up_at = None if timeout_s is None else self._clock() + timeout_s
        self._is_job = wants_more and instance_id.startswith(_WITH_PROGRESS)
        self._explains = wants_more

    def sights(self) -> Generator[Sight]:
        """Yield what is seen, the end last.

        Raises:
            NotYetError: It goes on, and the time is over.
            RefusedError: The app does not let us look.
            UnavailableError: The app was silent for minutes.
        """
        seen, etag, wait_s = dict[str, object](), "", 0
        while True:
            began = self._clock()
            answer = self._look(etag, wait_s)
            is_new = not answer.is_unchanged and answer.document != seen
            if not answer.is_unchanged:
                seen, etag = answer.document, answer.etag
            sight = self._sight(seen, is_new=is_new)
            yield sight
            if sight.is_over:
                return
            self._pause(answer, took_s=self._clock() - began, is_new=is_new)
            wait_s = self._next_wait_s()

    def _look(self, etag: str, wait_s: int) -> Answer:
        return api.look(
            self._session.client,
            self._instance_id,
            etag=etag,
            wait_s=wait_s,
            attempts=_ATTEMPTS,
        )

    def _sight(self, seen: Document, *, is_new: bool) -> Sight:
        explanation = self._more(api.workflow(self._instance_id, "explain"), self._explains)
        if self._explains and explanation is None:
            self._explains = False
        path = path_of("batches", self._instance_id.removeprefix(_WITH_PROGRESS))
        return Sight(
            instance=seen,
            is_new=is_new,
            sentence=text(explanation, "sentence"),
            is_stuck=bool((explanation or {}).get("isStuck")),
            job=self._more(path, self._is_job) or {},
        )

    def _more(self, path: str, is_wanted: bool) -> Document | None:  # noqa: FBT001
        """Read what only adds to the picture; None when the app does not say it to us."""
        if not is_wanted:
            return {}
        try:
            return self._session.client.get(path).document
        except RefusedError:
            return None
        except UnavailableError:
            return {}

    def _pause(self, answer: Answer, *, took_s: float, is_new: bool) -> None:
        """Do not hurry an app that answers at once, whatever it answers."""
        least_s = _SHORTEST_TURN_S
        if not is_new and not self._is_job:
            least_s = answer.retry_after_s or _PAUSE_S
        if self._give_up_at is not None:
            left_s = self._give_up_at - self._clock()
            if left_s <= 0:
                raise NotYetError(f"{self._instance_id} goes on")
            least_s = min(least_s, left_s + took_s)
        if took_s < least_s:
            self._session.surroundings.sleep(least_s - took_s)

    def _next_wait_s(self) -> int:
        longest_s = _READERS_WAIT_S if self._explains else LONGEST_WAIT_S
        longest_s = _PROGRESS_WAIT_S if self._is_job else longest_s
        if self._give_up_at is None:
            return longest_s
        return max(1, min(longest_s, int(self._give_up_at - self._clock())))
