"""What a person sees: one line a step with its duration, and one sentence for a failure."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager


class DevError(Exception):
    """A reason to stop, told as one sentence that says what to do about it."""


@contextmanager
def step(title: str) -> Generator[None]:
    """Say what is being done, and how long it took once it is done."""
    started = time.monotonic()
    say(f"{title} ...", end="")
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f" {time.monotonic() - started:.1f} s")


def say(text: str, *, end: str = "\n") -> None:
    """Print at once: the tools that `./dev` runs write to the same terminal."""
    print(text, end=end, flush=True)


def complain(sentence: str) -> None:
    """Print the one sentence of a failure."""
    print(f"dev: {sentence}", file=sys.stderr, flush=True)
