"""Articles from a supplier's price list into the catalogue that orders are priced from."""

from typing import Annotated, Literal, TypedDict

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from shared.catalogue import open_catalogue
from shared.models import JsonObject
from shared.money import Currency
from workflows.batch_processing.pipelines.base import ControlSum, Pipeline, WholeNumber


class ArticleRow(TypedDict):
    """One line: ``sku,priceMinor,currency,taxClass,stock``; money in minor units."""

    __pydantic_config__ = ConfigDict(alias_generator=to_camel, extra="forbid")  # type: ignore[misc]

    sku: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    price_minor: Annotated[int, WholeNumber, Field(ge=0, le=10**9)]
    currency: Currency
    tax_class: Literal["standard", "reduced", "zero", "exempt"]
    stock: Annotated[int, WholeNumber, Field(ge=0, le=10**9)]


def _article(row: ArticleRow) -> JsonObject:
    return {
        "sku": row["sku"],
        "priceMinor": row["price_minor"],
        "currency": row["currency"],
        "taxClass": row["tax_class"],
        "stock": row["stock"],
    }


CATALOGUE_IMPORT = Pipeline(
    name="catalogue_import",
    row=TypeAdapter(ArticleRow),
    transform=_article,
    key="sku",
    control_sums=(
        ControlSum(name="priceMinor", of_row="price_minor", of_result="priceMinor"),
        ControlSum(name="stock", of_row="stock", of_result="stock"),
    ),
    open_target=open_catalogue,
)
