"""`wfctl`: the app's HTTP API from a terminal, for people and for scripts.

It knows the API as it is published and nothing of how the app is built, so it works against any
base URL. Reading order: app, options, client, then a command.
"""
