"""What the user configured: host.json and local.settings.json, read, checked and typed.

Reading order: ``reader`` (JSON that knows its lines), ``section`` (typed access by key path),
``host`` and ``local`` (the two files). Every complaint names file, line, column and key.
"""
