"""Triggers that are neither HTTP nor durable: timers, queues, blobs; and bindings to storage.

Each runner decides when a function runs and what becomes of a failure; running it is the worker's
business, and what a function is called with is in ``worker.occasions``.
"""
