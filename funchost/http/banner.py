"""What the host prints once it serves: every function with its verbs and URL, or its trigger."""

from collections.abc import Iterable, Iterator

from funchost.http.contract import Function
from funchost.http.functions import url_path


def banner(
    functions: Iterable[Function], *, base_url: str, prefix: str, verbose: bool = False
) -> str:
    """Return the text, lines separated by newlines."""
    return "\n".join(_lines(list(functions), base_url=base_url, prefix=prefix, verbose=verbose))


def _lines(
    functions: list[Function], *, base_url: str, prefix: str, verbose: bool
) -> Iterator[str]:
    enabled = [function for function in functions if not function.is_disabled]
    if not enabled:
        yield "No functions found."
    else:
        yield ""
        yield "Functions:"
    for function in enabled:
        if function.is_http:
            yield ""
            verbs = f"[{','.join(function.methods)}]" if function.methods else ""
            yield f"\t{function.name}: {verbs} {base_url}/{url_path(function, prefix)}"
    for function in enabled:
        if not function.is_http:
            yield ""
            yield f"\t{function.name}: {function.trigger}"
    for function in functions:
        if function.is_disabled:
            yield ""
            yield f"Function {function.name} is disabled."
    if enabled and not verbose:
        yield ""
        yield "For detailed output, run with --verbose."
    yield ""
