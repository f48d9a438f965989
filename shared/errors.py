"""The application's error vocabulary: one class per decision that a caller can take.

Standard library only, at the bottom of the import graph. Expected business outcomes (declined,
out of stock) are values and have no class here; protocol errors of the local host live there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

# An error that crosses the activity boundary arrives as text, "…Error: code: message".
_NAMED_ERROR = re.compile(r"\b(\w+Error): (\w+): ")
UNNAMED_FAILURE = "unexpected_failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One wrong field of a request.

    ``pointer`` is a JSON pointer (RFC 6901) into the body, ``code`` is stable, ``detail`` is for
    people and never repeats the refused value.
    """

    pointer: str
    code: str
    detail: str


class WorkflowError(Exception):
    """Base of every error that the application names."""

    code: ClassVar[str] = "workflow_error"
    retriable: ClassVar[bool] = False

    def __str__(self) -> str:
        """Render as ``code: message``, so that the code survives serialization."""
        return f"{self.code}: {self.message}"

    @property
    def message(self) -> str:
        """The message alone, without the code."""
        return super().__str__()


class ProviderUnavailableError(WorkflowError):
    """A system outside did not answer; whether the call took effect is unknown."""

    code = "provider_unavailable"
    retriable = True


class StorageUnavailableError(WorkflowError):
    """The application's own storage did not answer or refused for now."""

    code = "storage_unavailable"
    retriable = True


class RequestMissingError(WorkflowError):
    """An activity asked for a stored request that is not there."""

    code = "request_missing"


class LogBrokenError(WorkflowError):
    """A log's entries do not follow one another any more: somebody changed what was written."""

    code = "log_broken"


class BodyTooLargeError(WorkflowError):
    """The request body is larger than this endpoint reads."""

    code = "body_too_large"


class UnsupportedMediaTypeError(WorkflowError):
    """The body is declared as something that is not read here; ``accept`` says what is."""

    code = "unsupported_media_type"

    def __init__(self, message: str, *, accept: str = "application/json") -> None:
        super().__init__(message)
        self.accept = accept


class NoticeRefusedError(WorkflowError):
    """A notice is not signed by whom it should be, or it is old."""

    code = "notice_refused"


class MalformedJsonError(WorkflowError):
    """The request body is not the JSON that this application accepts."""

    code = "malformed_json"


class InvalidRequestError(WorkflowError):
    """The request is well formed and wrong; ``problems`` names every wrong field."""

    code = "invalid_request"

    def __init__(self, message: str, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class RefusedError(WorkflowError):
    """A rule of the business says no; ``rule`` is the code that callers are told."""

    code = "refused"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class ConflictingRequestError(WorkflowError):
    """The same business id was used before with another content."""

    code = "conflicting_request"


class InstanceUnknownError(WorkflowError):
    """No instance has this id."""

    code = "instance_unknown"


class InstancePurgedError(WorkflowError):
    """The instance ended and its history has been removed since."""

    code = "instance_purged"


class IdentityRequiredError(WorkflowError):
    """The caller has to say who they are, and did not."""

    code = "identity_required"


class RoleRequiredError(WorkflowError):
    """The caller is known and may not do this."""

    code = "role_required"


class AttentionNotOpenError(WorkflowError):
    """No orchestration asks for this decision, or not any more."""

    code = "attention_not_open"


class AttentionDecidedError(WorkflowError):
    """Somebody else decided first."""

    code = "attention_decided"


class SagaUnknownError(WorkflowError):
    """No saga has this name."""

    code = "saga_unknown"


class PastCancellingError(WorkflowError):
    """It is too late to cancel: the workflow only goes forward, or has ended."""

    code = "past_cancelling"


class AmendmentNotAskedError(WorkflowError):
    """The order does not ask its customer to take less, or not any more."""

    code = "amendment_not_asked"


def is_retriable(code: str) -> bool:
    """Tell whether another attempt may heal a failure of this code; one without a name may heal."""
    named = {error.code: error.retriable for error in WorkflowError.__subclasses__()}
    return named.get(code, True)


def code_of(failure: BaseException) -> str:
    """Return the stable code inside a failed task's text.

    The SDK raises a bare ``Exception`` for a failed task, so the class is lost and the text is all
    there is. A failure that the application did not name is ``unexpected_failure``: its text may
    hold internals and must not reach a status or a customer.
    """
    match failure:
        case WorkflowError():
            return failure.code
        case _:
            ours = {(error.__name__, error.code) for error in WorkflowError.__subclasses__()}
            for found in _NAMED_ERROR.finditer(str(failure)):
                name, code = found.group(1), found.group(2)
                if (name, code) in ours:
                    return code
            return UNNAMED_FAILURE
