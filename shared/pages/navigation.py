"""The places of the console, in the order of its navigation. What is there is each domain's."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.http import API_PREFIX

CONSOLE_PATH: Final = f"{API_PREFIX}/console"


class Area(StrEnum):
    """Which part of the console a page belongs to."""

    OVERVIEW = "overview"
    WORKFLOWS = "workflows"
    APPROVALS = "approvals"
    ATTENTION = "attention"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the navigation; ``other_path`` is where it leads when nobody can sign in."""

    area: Area
    path: str
    text: str
    other_path: str = ""

    @property
    def path_of_nobody(self) -> str:
        """Where it leads on a developer's machine, where nobody signs in."""
        return self.other_path or self.path


PLACES: Final = (
    Place(area=Area.OVERVIEW, path=CONSOLE_PATH, text="Overview"),
    Place(area=Area.WORKFLOWS, path=f"{CONSOLE_PATH}/workflows", text="Workflows"),
    Place(area=Area.ATTENTION, path=f"{CONSOLE_PATH}/attention", text="Needs attention"),
    Place(
        area=Area.APPROVALS,
        path=f"{API_PREFIX}/inbox",
        text="Approvals",
        other_path=f"{CONSOLE_PATH}/workflows?type=approval",  # an inbox is somebody's
    ),
    Place(area=Area.BATCHES, path=f"{CONSOLE_PATH}/batches", text="Batch jobs"),
)
