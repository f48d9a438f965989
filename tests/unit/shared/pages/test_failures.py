"""Failures of pages: told in words for people, without what is inside."""

import asyncio

import azure.functions as func
import pytest

from shared.access import Permission
from shared.errors import RoleRequiredError, StorageUnavailableError, WorkflowError
from shared.pages import ForeignFormError, page

REQUEST = func.HttpRequest(method="GET", url="http://localhost/api/x", body=b"")


def answer_to(error: Exception) -> func.HttpResponse:
    @page(Permission.PUBLIC)
    async def show(_req: func.HttpRequest) -> func.HttpResponse:
        raise error

    return asyncio.run(show(REQUEST))  # type: ignore[arg-type]  # a coroutine, as the worker runs it


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RoleRequiredError("secret"), 403, "This is not for you"),
        (ForeignFormError("secret"), 403, "This form was not sent from here"),
        (StorageUnavailableError("secret"), 503, "Please try again in a moment"),
        (WorkflowError("secret"), 500, "Something went wrong"),
        (KeyError("secret"), 500, "Something went wrong"),
    ],
)
def test_a_person_is_told_what_it_means_and_nothing_of_the_inside(
    error: Exception, status: int, said: str
) -> None:
    answer = answer_to(error)

    assert answer.status_code == status
    assert said in answer.get_body().decode()
    assert b"secret" not in answer.get_body()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ("Retry-After" in answer.headers) == (status == 503)
