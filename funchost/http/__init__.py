"""The host's HTTP side: the app's routes, the management API, the admin endpoints.

Reading order: ``contract`` (what it needs to know of functions and of the worker), ``paths``,
``templates`` and ``routes`` (from a request line to a route), ``functions`` (HTTP triggers),
``management`` (the durable API), ``server`` (the sockets).
"""
