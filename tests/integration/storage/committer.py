"""A process that commits until it is killed, printing the count of each acknowledged commit.

Run with: the state file's path, and "normal" or "full".
"""

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Literal, cast

from funchost.engine.events import EventWaited
from funchost.storage.sqlite import SqliteStore
from tests.contract.storage.builders import (
    T0,
    a_creation,
    a_message,
    a_record,
    a_timer,
    an_activity,
    an_episode,
    must,
)


def main() -> None:
    path, sync = sys.argv[1:]
    store = SqliteStore.open(
        Path(path), owner="the committer", sync=cast("Literal['normal', 'full']", sync)
    )
    must(store, a_creation(sequence=1))
    record = a_record()
    for number in count(1):
        episode = replace(
            an_episode(record),
            appended=(EventWaited(at=T0, name=str(number)),) * 3,
            consumed=(number,),
            activities=(an_activity(task_id=number),),
            timers=(a_timer(timer_id=number),),
            outgoing=(a_message(sequence=number + 1),),
        )
        must(store, episode)
        record = episode.record
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
