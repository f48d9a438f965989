"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from shared.descriptions import HTML, JSON, Answer, Follow, Operation, Parameter
from shared.models import WireModel
from workflows.batch_processing.models import BlobName, JobId
from workflows.batch_processing.report import Report
from workflows.batch_processing.requests import BatchRequest, RedriveRequest

_TAG: Final = "Batches"
_JOB: Final = {"jobId": JobId}
_HERE: Final = {"jobId": "$response.body#/jobId"}
_CONTAINER: Final = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{2,39}$")]
_BYTES: Final = Annotated[
    str, Field(json_schema_extra={"contentMediaType": "application/octet-stream"})
]


class JobAccepted(WireModel):
    """A job is taken, or its wish; ``links`` lead to all that can be done with it."""

    job_id: str
    instance_id: str | None = None
    links: dict[str, str]


class RowCounts(WireModel):
    """Rows of a job."""

    planned: int
    done: int
    accepted: int
    rejected: int
    blank: int


class JobProgress(WireModel):
    """Where a job stands, and how fast it goes."""

    job_id: str | None
    pipeline: str | None
    status: str
    mode: str | None
    reason: str | None
    findings: tuple[str, ...]
    rows: RowCounts
    chunks: dict[str, int]
    percent: float
    rows_per_second: float | None
    estimated_seconds_left: float | None
    shards: tuple[dict[str, Any], ...]
    started_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    links: dict[str, str]


class SourceKept(WireModel):
    """What a job names the file by."""

    data_source: str
    bytes: int


_FOLLOW: Final = tuple(
    Follow(function=f"batch_processing_{name}", parameters=_HERE)
    for name in ("show_job", "pause_job", "resume_job", "cancel_job", "get_report")
)
_ACCEPTED: Final = {
    202: Answer(
        description="It is being worked on.",
        model=JobAccepted,
        headers=("Location", "Retry-After"),
        follow=_FOLLOW,
    ),
    200: Answer(
        description="The same job was sent before, and has ended.",
        model=JobAccepted,
        headers=("Location",),
        follow=_FOLLOW,
    ),
}

SUBMIT_JOB: Final = Operation(
    tag=_TAG,
    request=BatchRequest,
    example={
        "jobId": "job-1001",
        "pipeline": "order_export",
        "window": {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z"},
    },
    answers=_ACCEPTED,
    refuses=("conflicting_request", "instance_purged"),
    repeats="`jobId` is the key. The same job is the same instance; another one is a conflict.",
)
REDRIVE_JOB: Final = Operation(
    tag=_TAG,
    request=RedriveRequest,
    example={"jobId": "job-1001-again"},
    path=_JOB,
    answers=_ACCEPTED,
    refuses=("job_not_ended", "conflicting_request", "instance_purged"),
    repeats="the new `jobId` is the key.",
)
SHOW_JOB: Final = Operation(
    tag=_TAG,
    path=_JOB,
    answers={200: Answer(description="The job.", model=JobProgress, headers=("Retry-After",))},
)
STEER_JOB: Final = Operation(
    tag=_TAG,
    path=_JOB,
    answers={
        202: Answer(
            description="It is told.", model=JobAccepted, headers=("Location", "Retry-After")
        )
    },
    refuses=("job_ended",),
    repeats="a job that is told twice does it once.",
)
PUT_SOURCE: Final = Operation(
    tag=_TAG,
    request=_BYTES,
    media_types=("application/octet-stream", "text/csv", "application/x-ndjson"),
    path={"container": _CONTAINER, "blob": BlobName},
    answers={
        201: Answer(description="It is kept.", model=SourceKept),
        200: Answer(description="The same file was kept before.", model=SourceKept),
    },
    refuses=("conflicting_request", "instance_unknown"),
    repeats="the same bytes are kept once; others under the same name are a conflict.",
)
GET_MANIFEST: Final = Operation(
    tag=_TAG,
    path=_JOB,
    answers={200: Answer(description="All that the job has made.", model=dict[str, Any])},
    refuses=("invalid_request", "job_not_ended"),
)
GET_DEAD_LETTERS: Final = Operation(
    tag=_TAG,
    path=_JOB,
    parameters=(Parameter(name="after", description="Where the page before ended."),),
    answers={
        200: Answer(
            description="Rows that were given up, as JSON Lines.",
            media_types=("application/x-ndjson",),
            headers=("Link",),
        )
    },
    refuses=("invalid_request",),
)
GET_REPORT: Final = Operation(
    tag=_TAG,
    path=_JOB,
    parameters=(
        Parameter(
            name="format",
            description="`html` for a page to keep; otherwise as `Accept` says.",
            type=Annotated[str, Field(pattern="^(json|html)$")],
        ),
    ),
    answers={
        200: Answer(
            description="What the job came to so far.", model=Report, media_types=(JSON, HTML)
        )
    },
)
