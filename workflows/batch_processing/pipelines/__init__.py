"""The pipelines that there are, by name. Adding one is a file here and a line below."""

from collections.abc import Mapping
from types import MappingProxyType

from workflows.batch_processing.pipelines.base import Pipeline
from workflows.batch_processing.pipelines.catalogue_import import CATALOGUE_IMPORT
from workflows.batch_processing.pipelines.order_export import ORDER_EXPORT

PIPELINES: Mapping[str, Pipeline] = MappingProxyType(
    {pipeline.name: pipeline for pipeline in (CATALOGUE_IMPORT, ORDER_EXPORT)}
)

__all__ = ["PIPELINES"]
