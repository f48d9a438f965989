"""Loading results into a target: group by group, whole transactions, bad rows found by halves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import batched

from shared.models import JsonObject
from shared.storage import MOST_ROWS_TOGETHER
from workflows.batch_processing.pipelines.base import Target


def refused(target: Target, results: Sequence[JsonObject], *, job_id: str) -> Iterator[int]:
    """Write all results; yield the indexes of those that the target refuses.

    Raises:
        StorageUnavailableError: Some are written and some are not; writing all again is harmless.
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, result in enumerate(results):
        groups[target.group_of(result)].append(index)
    for indexes in groups.values():
        for together in batched(indexes, MOST_ROWS_TOGETHER, strict=False):
            yield from _refused(target, results, together, job_id)


def _refused(
    target: Target, results: Sequence[JsonObject], indexes: Sequence[int], job_id: str
) -> Iterator[int]:
    if target.write([results[index] for index in indexes], job_id=job_id):
        return
    if len(indexes) == 1:
        yield indexes[0]
        return
    half = len(indexes) // 2
    yield from _refused(target, results, indexes[:half], job_id)
    yield from _refused(target, results, indexes[half:], job_id)
