"""What can be wrong with the trigger of a function."""


class TriggerError(Exception):
    """A trigger or binding cannot be served as it is written; the text is for the app's author."""
