"""What an app has registered so far: for checks that have to fail while the app is loaded.

The one place of the application that knows how the SDK keeps functions before they are indexed:
its own list can be asked for only once, and that is the host's to do.
"""

from typing import Any, cast

import azure.durable_functions as df

_ACTIVITY = "activityTrigger"


def activity_names(app: df.DFApp) -> frozenset[str]:
    """Return the names of the activities that are registered so far."""
    return functions_of(app, trigger=_ACTIVITY)


def functions_of(app: df.DFApp, *, trigger: str) -> frozenset[str]:
    """Return the names of the functions with a kind of trigger that are registered so far."""
    builders = cast("Any", app)._function_builders  # noqa: SLF001 - see above
    functions = [builder._function for builder in builders]  # noqa: SLF001 - see above
    return frozenset(
        function.get_function_name()
        for function in functions
        if function.get_trigger().type == trigger
    )
