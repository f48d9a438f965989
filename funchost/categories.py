"""The names that host.json's ``logging.logLevel`` has for the host's own loggers.

``Function.<name>`` is for runs of a function and ``Function.<name>.User`` for what it logs itself
(``worker.logs``); those names are used as they are.
"""

from collections.abc import Mapping

DURABLE = "Host.Triggers.DurableTask"
OWN: Mapping[str, str] = {
    "funchost": "Host.General",
    "funchost.azure": DURABLE,
    "funchost.dispatch": DURABLE,
    "funchost.invocations": DURABLE,
    "funchost.triggers": "Host.Triggers",
    "funchost.triggers.blobs": "Host.Triggers.Blobs",
    "funchost.triggers.queues": "Host.Triggers.Queues",
    "funchost.triggers.timers": "Host.Triggers.Timer",
}


def function_logger(function: str) -> str:
    """Return the name of the logger for the runs of a function."""
    return f"Function.{function}"


def category_of(logger: str) -> str:
    """Return the category of a logger's records; any other than the host's is its own."""
    name = logger
    while name:
        if name in OWN:
            return OWN[name]
        name = name.rpartition(".")[0]
    return logger
