"""The description of the HTTP API, made of what its functions are: OpenAPI 3.1."""

from shared.openapi.operation import HTML, JSON, Answer, Follow, Operation, Parameter

__all__ = ["HTML", "JSON", "Answer", "Follow", "Operation", "Parameter"]
