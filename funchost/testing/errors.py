"""What the test kit says when a test cannot go on."""


class KitError(Exception):
    """The test asks for something that cannot be done; the text says what to do instead."""


class SecondAppError(KitError):
    """Another app is loaded in this process already: an app needs a process of its own."""


class StuckError(AssertionError):
    """What the test waits for will not happen, or has not happened within its patience."""


class DivergenceError(AssertionError):
    """An orchestration would come to another end in Azure."""


class ReplayError(AssertionError):
    """The code would not do what a recorded history says that it did."""
