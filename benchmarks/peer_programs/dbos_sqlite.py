"""The shaped workflow on dbos with its SQLite file; the client is in the same event loop.

Runs in the peers' environment: `python dbos_sqlite.py PORT FOLDER TOTAL IN_FLIGHT ALONE`;
prints JSON.
"""

import asyncio
import json
import sqlite3
import sys
import time

if sqlite3.sqlite_version_info < (3, 42):
    # dbos writes its times with a function that older ones do not have.
    sys.modules["sqlite3"] = __import__("pysqlite3")

from dbos import DBOS  # type: ignore[import-not-found] # only in the peers' environment


@DBOS.step()  # type: ignore[untyped-decorator] # unknown outside the peers' environment
async def same(number: int) -> int:
    return number


@DBOS.workflow()  # type: ignore[untyped-decorator] # as above
async def shaped() -> list[int]:
    for number in range(4):
        await same(number)
    return list(await asyncio.gather(same(4), same(5)))


async def alone() -> float:
    begun = time.perf_counter()
    handle = await DBOS.start_workflow_async(shaped)
    await handle.get_result()
    return (time.perf_counter() - begun) * 1e3


async def in_flight(total: int, many: int) -> float:
    slots = asyncio.Semaphore(many)

    async def one() -> None:
        async with slots:
            await alone()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(total)))
    return total / (time.perf_counter() - begun)


async def main() -> None:
    _, folder, total, many, single = sys.argv[1:]
    file = f"sqlite:///{folder}/dbos.sqlite"
    DBOS(config={"name": "shaped", "system_database_url": file, "log_level": "CRITICAL"})
    DBOS.launch()
    for _ in range(5):
        await alone()
    singles = [await alone() for _ in range(int(single))]
    rate = await in_flight(int(total), int(many))
    print(json.dumps({"rate": rate, "alone": singles}), flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main())
