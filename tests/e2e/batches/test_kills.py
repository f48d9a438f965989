"""The host is killed in the middle of a job, again and again: the result is the same.

When the kills happen is random, and the same in every run of the test.
"""

import random
from collections.abc import Mapping

import pytest

from tests.support.suppliers import Desk, PriceList
from workflows.batch_processing.ledger import Entry, UnitState

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEED = 20_261_125
PARALLELISM = 4


def done(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {key: entry for key, entry in entries.items() if entry.state is UnitState.DONE}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("rows", "kills"), [(8_000, 2), pytest.param(100_000, 10, marks=pytest.mark.long)]
)
def test_a_job_outlives_the_hosts_power_cuts(desk: Desk, rows: int, kills: int) -> None:
    prices, job_id, chunk = PriceList.of(rows), f"killed-{kills}", rows // (40 * kills)
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    desk.put(f"{job_id}.csv", prices.content)
    desk.accepted(
        job_id,
        dataSource=f"imports/{job_id}.csv",
        dryRun=True,
        batchSize=chunk,
        maxParallelism=PARALLELISM,
    )
    snapshots: list[dict[str, Entry]] = []

    for number in range(kills):
        share = (number + moments.uniform(0.1, 0.9)) / (kills + 1)
        desk.until_rows(job_id, int(rows * share))
        desk.host.kill()
        snapshots.append(done(desk.entries(job_id)))
        desk.host.restart()
    end = desk.ended(job_id, patience_s=300)

    assert end["status"] == "completed_with_errors"
    assert end["findings"] == []
    output = [line["sku"] for line in desk.lines("output", job_id)]
    assert len(output) == len(prices.good)
    assert set(output) == prices.good
    assert sorted(letter["row"] for letter in desk.lines("dead-letters", job_id)) == sorted(
        prices.bad_rows
    )
    last = desk.entries(job_id)
    for snapshot in snapshots:
        assert 0 < len(snapshot) < len(last)
        assert {key: last[key] for key in snapshot} == snapshot
    repeated = sum(entry.starts for entry in last.values()) - len(last)
    assert repeated <= kills * PARALLELISM
    assert desk.call("GET", f"/{job_id}/manifest").json["controlSums"]["stock"] == prices.stock
