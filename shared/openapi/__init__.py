"""The description of the HTTP API, made of what its functions are: OpenAPI 3.1.

Functions describe themselves with shared.descriptions; the composition root publishes them all, and
the document is made when it is first asked for.
"""

from shared.openapi.document import VERSION, document
from shared.openapi.published import PUBLISHED, Published

__all__ = ["PUBLISHED", "VERSION", "Published", "document"]
