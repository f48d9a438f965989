from shared.errors import InvalidRequestError, ProviderUnavailableError, WorkflowError, code_of


def test_the_code_survives_the_way_through_a_failed_task() -> None:
    failure = ProviderUnavailableError("gone")
    text = f"Activity function 'x' failed:  ProviderUnavailableError: {failure} \n {{}}"

    assert code_of(Exception(text)) == "provider_unavailable"


def test_an_error_that_nobody_named_has_no_code_of_its_own() -> None:
    failures = [
        Exception("Activity function 'x' failed:  ValueError: kaboom: really \n {}"),
        Exception(""),
        ValueError("payment: 4 is not 5"),
    ]

    assert {code_of(failure) for failure in failures} == {"unexpected_failure"}


def test_a_named_error_tells_its_code_directly() -> None:
    assert code_of(InvalidRequestError("x")) == "invalid_request"


def test_every_error_has_a_code_of_its_own() -> None:
    classes = WorkflowError.__subclasses__()

    assert len({error.code for error in classes}) == len(classes)
    assert WorkflowError.code not in {error.code for error in classes}
