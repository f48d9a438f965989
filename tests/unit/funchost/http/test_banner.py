"""What the host prints when it serves."""

from funchost.http.banner import banner
from funchost.http.contract import Function


def test_http_functions_come_first_with_verbs_and_urls_then_the_others() -> None:
    functions = [
        Function(name="orch", trigger="orchestrationTrigger"),
        Function(name="off", trigger="httpTrigger", route="off", is_disabled=True),
        Function(
            name="hello", trigger="httpTrigger", route="hello/{name?}", methods=("GET", "POST")
        ),
        Function(name="start", trigger="httpTrigger", route="/start"),
    ]

    text = banner(functions, base_url="http://localhost:7071", prefix="api")

    assert text == (
        "\nFunctions:\n"
        "\n\thello: [GET,POST] http://localhost:7071/api/hello/{name?}\n"
        "\n\tstart:  http://localhost:7071/api/start\n"
        "\n\torch: orchestrationTrigger\n"
        "\nFunction off is disabled.\n"
        "\nFor detailed output, run with --verbose.\n"
    )


def test_an_empty_prefix_leaves_no_slash() -> None:
    functions = [Function(name="f", trigger="httpTrigger", route="f")]

    text = banner(functions, base_url="http://x", prefix="", verbose=True)

    assert "\tf:  http://x/f" in text
    assert "--verbose" not in text


def test_no_functions_is_said() -> None:
    assert "No functions found." in banner([], base_url="http://x", prefix="api")
