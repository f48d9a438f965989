"""Tasks of azure-functions-durable 1.7, as far as this repository uses them."""

from azure.durable_functions.models.Task import TaskBase

__all__ = ["TaskBase"]
