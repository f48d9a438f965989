"""Every name under which telemetry is sent: the contract with queries, alerts and workbooks.

A name that is sent never changes its meaning: infra/queries is held against this module by a test.
"""

from enum import StrEnum


class Attribute(StrEnum):
    """The dimensions of spans, events and log lines (``customDimensions``)."""

    INSTANCE_ID = "instanceId"
    ROOT_ID = "rootInstanceId"
    WORKFLOW = "workflow"
    ORDER_ID = "orderId"
    SAGA_ID = "sagaId"
    REQUEST_ID = "requestId"
    JOB_ID = "jobId"
    ACTIVITY = "activity"
    ATTEMPT = "attempt"
    KIND = "kind"
    STARTED = "started"
    OUTCOME = "outcome"
    ERROR = "error"
    STATUS = "status"
    SEQUENCE = "sequence"
    LEVEL = "level"
    ROUND = "round"
    DEADLINE_AT = "deadlineAt"
    PIPELINE = "pipeline"
    LOGGER = "logger"
    HOST_OPERATION_ID = "hostOperationId"


class Kind(StrEnum):
    """What a span or a wait is about."""

    ORCHESTRATION = "orchestration"
    ACTIVITY = "activity"
    REQUEST = "request"
    MESSAGE = "message"


class Event(StrEnum):
    """Things that happen once (``customEvents``)."""

    STATUS = "workflow.status"


class Metric(StrEnum):
    """Numbers (``customMetrics``); times are in seconds."""

    STARTED = "workflow.started"
    COMPLETED = "workflow.completed"
    FAILED = "workflow.failed"
    COMPENSATED = "workflow.compensated"
    NEEDS_ATTENTION = "workflow.needs_attention"
    DURATION = "workflow.duration"
    APPROVAL_AGE = "approval.age"
    QUEUE_AGE = "queue.age"
    ACTIVITY_DURATION = "activity.duration"
    ACTIVITY_RETRIES = "activity.retries"
    BATCH_ROWS = "batch.rows"
    BATCH_RATE = "batch.rows_per_second"


# The dimensions of numbers: each takes few values, so that no number falls apart into thousands.
METRIC_ATTRIBUTES = frozenset(
    {
        Attribute.WORKFLOW,
        Attribute.ACTIVITY,
        Attribute.KIND,
        Attribute.OUTCOME,
        Attribute.ERROR,
        Attribute.PIPELINE,
    }
)

# What a workflow is about, by the member of its input that says so.
SUBJECTS = (Attribute.ORDER_ID, Attribute.SAGA_ID, Attribute.REQUEST_ID, Attribute.JOB_ID)
