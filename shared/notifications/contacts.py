"""How somebody wants to be written to. Personal data: kept with stored requests, in no history."""

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """The ways in which people are written to."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody's mail address, and the channel they prefer with their address there."""

    email: str = field(repr=False)
    channel: Channel = Channel.EMAIL
    address: str = field(default="", repr=False)
