"""What a retry may heal is told apart from what it cannot."""

import pytest
import requests
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.errors import StorageUnavailableError
from shared.storage.faults import transient_faults_named


def answered(status: int, code: str = "") -> HttpResponseError:
    error = HttpResponseError(message=f'{{"odata.error":{{"code":"{code}"}}}}')
    error.status_code = status
    return error


def recreate_nothing() -> None:
    """The place is there."""


@pytest.mark.parametrize(
    "fault",
    [
        ServiceRequestError("refused"),
        ServiceResponseError("reset"),
        requests.ConnectionError("cut short"),
        answered(503, "ServerBusy"),
        answered(409, "TableBeingDeleted"),
        HttpResponseError(message="no answer at all"),
    ],
    ids=str,
)
def test_a_fault_that_may_heal_says_where_and_hides_the_details(fault: Exception) -> None:
    with (
        pytest.raises(StorageUnavailableError, match="table T did not answer") as caught,
        transient_faults_named("table T", recreate=recreate_nothing),
    ):
        raise fault

    assert caught.value.__cause__ is fault
    assert "refused" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        ClientAuthenticationError("who are you"),
        answered(403, "AuthorizationFailure"),
        answered(400, "InvalidInput"),
        AttributeError("a mistake of ours"),
    ],
    ids=str,
)
def test_a_mistake_stays_what_it_is(fault: Exception) -> None:
    with (
        pytest.raises(type(fault)) as caught,
        transient_faults_named("table T", recreate=recreate_nothing),
    ):
        raise fault

    assert caught.value is fault


def test_an_sdk_that_stumbles_over_a_broken_answer_reports_an_outage() -> None:
    stumble = AttributeError("None has no headers")
    stumble.__context__ = AzureError("half an answer")

    with (
        pytest.raises(StorageUnavailableError) as caught,
        transient_faults_named("table T", recreate=recreate_nothing),
    ):
        raise stumble

    assert isinstance(caught.value.__cause__, AzureError)


def test_a_place_that_is_gone_is_made_again() -> None:
    made: list[str] = []

    with (
        pytest.raises(StorageUnavailableError, match="TableNotFound"),
        transient_faults_named("table T", recreate=lambda: made.append("T")),
    ):
        raise answered(404, "TableNotFound")

    assert made == ["T"]
