"""Where instances survive: two adapters behind ``engine.ports.Store``.

Reading order: ``memory`` (the rules in plain dicts), ``schema.sql`` and ``queries.sql`` (the same
rules as tables and statements), ``sqlite_writes`` (what each write does to the tables), ``sqlite``
(the store: transactions, reads), ``state_file`` (opening, versions), ``ownership`` (one process),
``events_json`` and ``rows`` (values to text and columns). Nothing here decides what an
orchestration does next; that is the engine's.
"""
