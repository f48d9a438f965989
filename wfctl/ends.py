"""Which ends are failures, for scripts that wait: by the word that each domain ends with."""

from typing import Final

from wfctl.documents import Document, text

GOOD: Final = frozenset({"completed", "completed_with_errors", "approved", "delivered", "shipped"})
"""Ends that somebody hoped for; a batch with errors has kept its budget of them."""


def is_failure(document: Document) -> bool:
    """Whether an instance that has ended did so in another way than was hoped for.

    Args:
        document: The instance as the app shows it.
    """
    if text(document, "runtimeStatus") != "Completed":
        return True
    outcome = text(document, "businessStatus")
    return bool(outcome) and outcome not in GOOD
