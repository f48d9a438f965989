"""A local Azure Functions host: runs any Python v2-model Durable Functions app, without .NET.

Nothing here knows the application; it is loaded by path. Reading order: ``engine`` (what an
orchestration is), ``dispatch`` (who runs it), ``worker`` (how the app's functions are called),
``storage`` (where it survives), ``http`` (how the world reaches it), ``bootstrap`` (all wired).
"""
