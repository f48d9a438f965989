"""An app that cannot be imported."""

raise LookupError("a setting is missing")
