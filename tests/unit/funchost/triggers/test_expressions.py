"""Binding expressions and the patterns that blob triggers watch."""

from collections.abc import Mapping
from typing import Any

import pytest

from funchost.triggers.connections import EMULATOR_CONNECTION, connection_string
from funchost.triggers.errors import TriggerError
from funchost.triggers.expressions import BlobPattern, Sources, resolved, with_settings
from tests.support.fake_storage import NOW

SOURCES = Sources(now=NOW, new_id=lambda: "fresh")


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("out/{name}.txt", {"name": "a/b"}, "out/a/b.txt"),
        ("out/{NAME}", {"name": "a"}, "out/a"),
        ("out/{order.id}", {"order": {"id": 7}}, "out/7"),
        ("out/{Query.id}", {"Query": {"id": "q"}}, "out/q"),
        ("out/{flag}", {"flag": True}, "out/true"),
        ("out/{rand-guid}", {}, "out/fresh"),
        ("out/{DateTime}", {}, "out/2026-01-01T00-00-00Z"),
        ("out/{DateTime:yyyy-MM-dd}", {}, "out/2026-01-01"),
        ("out/{sys.utcnow:HHmm}", {}, "out/0000"),
        ("plain", {}, "plain"),
    ],
)
def test_names_are_replaced_by_values(text: str, data: Mapping[str, Any], expected: str) -> None:
    assert resolved(text, data, SOURCES) == expected


@pytest.mark.parametrize("data", [{}, {"order": "text"}, {"order": {"other": 1}}])
def test_a_name_without_a_value_is_refused(data: Mapping[str, Any]) -> None:
    with pytest.raises(TriggerError, match=r"no value for '\{order.id\}'"):
        resolved("out/{order.id}", data, SOURCES)


def test_settings_are_replaced_in_any_case_and_have_to_be_there() -> None:
    assert with_settings("%Where%/x", {"WHERE": "there"}) == "there/x"
    with pytest.raises(TriggerError, match="'Nowhere'"):
        with_settings("%Nowhere%/x", {})


@pytest.mark.parametrize(
    ("path", "blob", "values"),
    [
        ("in/{name}", "a/b.txt", {"name": "a/b.txt"}),
        ("in/{name}.{ext}", "a.b.txt", {"name": "a.b", "ext": "txt"}),
        ("in/orders/{id}.json", "orders/7.json", {"id": "7"}),
        ("in/orders/{id}.json", "other/7.json", None),
        ("in/fixed.txt", "fixed.txt", {}),
        ("in/fixed.txt", "fixedXtxt", None),
        ("in", "anything/at/all", {}),
    ],
)
def test_a_pattern_finds_the_parts_of_a_name(
    path: str, blob: str, values: dict[str, str] | None
) -> None:
    pattern = BlobPattern.parse(path)

    assert pattern.container == "in"
    assert pattern.match(blob) == values
    assert values is None or blob.startswith(pattern.prefix)


@pytest.mark.parametrize("path", ["", "{container}/x", "in/{a}{A}", "in/{}"])
def test_a_pattern_that_makes_no_sense_is_refused(path: str) -> None:
    with pytest.raises(TriggerError):
        BlobPattern.parse(path)


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (None, {"AzureWebJobsStorage": "x=1"}, "x=1"),
        ("", {"AzureWebJobsStorage": "UseDevelopmentStorage=true;"}, EMULATOR_CONNECTION),
        ("Shop", {"AzureWebJobsShop": "prefixed", "Shop": "plain"}, "prefixed"),
        ("shop", {"SHOP": "plain"}, "plain"),
    ],
)
def test_a_connection_is_found_with_or_without_the_prefix(
    name: str | None, settings: dict[str, str], expected: str
) -> None:
    assert connection_string(name, settings) == expected


def test_a_missing_connection_and_one_by_identity_are_refused_by_name() -> None:
    with pytest.raises(TriggerError, match="the app setting 'Shop' is not there"):
        connection_string("Shop", {"Other": "x"})
    with pytest.raises(TriggerError, match="'Shop' is by identity"):
        connection_string("Shop", {"Shop__accountName": "x"})
