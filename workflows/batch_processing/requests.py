"""What clients send to start a batch, with every number bounded.

What becomes of it inside is in models, what a row of a pipeline looks like in pipelines.
"""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.fields import matching
from shared.models import EdgeModel
from workflows.batch_processing.models import (
    BatchSize,
    FailureBudget,
    JobId,
    Parallelism,
    PipelineName,
)

DataSource = Annotated[
    str,
    matching(
        r"[a-z0-9][a-z0-9-]{0,39}/(?!.*(?:\.\.|//|/\.|\.$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}",
        "container/blob name: a registered container, never a URL",
    ),
]

LONGEST_WINDOW = timedelta(days=366)


class Window(EdgeModel):
    """A stretch of time, its end excluded."""

    begin: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if not timedelta() < self.end - self.begin <= LONGEST_WINDOW:
            raise PydanticCustomError("window", "to is after from, at most 366 days")
        return self


class JobOptions(EdgeModel):
    """How a job is to be run, whatever its source."""

    batch_size: BatchSize = 5_000
    max_parallelism: Parallelism = 8
    # A file of another kind fails in every row: without a limit it would be worked through.
    failure_budget: FailureBudget = FailureBudget(percent=10)
    dry_run: bool = False


class BatchRequest(JobOptions):
    """The body of ``POST /api/batches``: rows come from a file or, for exports, from a window."""

    job_id: JobId
    pipeline: PipelineName
    data_source: DataSource | None = None
    window: Window | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.data_source is None) == (self.window is None):
            raise PydanticCustomError("source", "give either dataSource or window")
        return self


class RedriveRequest(JobOptions):
    """The body of ``POST /api/batches/{jobId}/redrive``: the new job takes the dead letters."""

    job_id: JobId
