"""Registered and stored names: the wire contract between orchestrator, activities and histories.

A released name never changes its meaning. What the functions do is in their modules.
"""

from typing import Final

ORCHESTRATOR: Final = "approval_orchestrator"

ADVANCE: Final = "approval_advance"
NOTIFY: Final = "approval_notify"
PUBLISH_DOCUMENT: Final = "approval_publish_document"

SUBMIT: Final = "approval_submit"
INBOX: Final = "approval_inbox"
LOOK: Final = "approval_look"
DECIDE: Final = "approval_decide"
DELEGATE: Final = "approval_delegate"
REASSIGN: Final = "approval_reassign"
WITHDRAW: Final = "approval_withdraw"
RESUBMIT: Final = "approval_resubmit"
SWEEP: Final = "approval_sweep"
OPEN_LINK: Final = "approval_open_link"
DOWNLOAD_BY_LINK: Final = "approval_download_by_link"
SHOW_INBOX: Final = "approval_show_inbox"

# Where the request is kept as it came; where the log of what was decided is; what waits for whom;
# and who may still have to be woken.
REQUESTS_TABLE: Final = "approvalrequests"
LOG_TABLE: Final = "approvallog"
INBOX_TABLE: Final = "approvalinbox"
POKES_TABLE: Final = "approvalpokes"

# Documents by their content, and those that were approved, by request.
DOCUMENTS_CONTAINER: Final = "documents"
PUBLISHED_CONTAINER: Final = "published"

UPLOAD_DOCUMENT: Final = "approval_upload_document"
GET_DOCUMENT: Final = "approval_get_document"
AUDIT: Final = "approval_audit"

_INSTANCE_PREFIX: Final = "approval-"


def instance_of(request_id: str) -> str:
    """Return the instance id of a request's orchestration."""
    return f"{_INSTANCE_PREFIX}{request_id}"


def request_of(instance_id: str) -> str | None:
    """Return the request that an instance id belongs to, or None for another domain's."""
    request_id = instance_id.removeprefix(_INSTANCE_PREFIX)
    return request_id if request_id and request_id != instance_id else None


def poke(request_id: str, *, level: int, round_: int, sequence: int) -> str:
    """Name the event that says: entry ``sequence`` is in the log.

    The name is of one wait only, because the runtime gives an early event to every later wait of
    its name. Level and round are those that the waiting orchestration has seen.
    """
    return f"approval:{request_id}:{level}:{round_}:{sequence}"
