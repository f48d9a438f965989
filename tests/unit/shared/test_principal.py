"""Addresses and roles as the application compares them."""

import pytest
from pydantic import ValidationError

from shared.models import EdgeModel
from shared.principal import PrincipalId, Role, address_of, digest_of_address, known_roles


class Asked(EdgeModel):
    approver: PrincipalId


def test_an_address_is_compared_in_lower_case() -> None:
    assert address_of("First.Last+x@Example.COM") == "first.last+x@example.com"
    assert Asked.from_json({"approver": "A@Example.com"}).approver == "a@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "a@b@c",
        "a b@example.com",
        "a@example.com\n",
        "a@example.com\r\nBcc: x@example.com",
        "\u202ea@example.com",
        "\u212aate@example.com",  # the Kelvin sign, which becomes a plain k in lower case
        "ä@example.com",
        "<b>@example.com",
        "a" * 250 + "@b.cc",
    ],
)
def test_what_is_no_plain_address_names_nobody(text: str) -> None:
    assert address_of(text) is None
    with pytest.raises(ValidationError):
        Asked.from_json({"approver": text})


def test_a_digest_stands_for_an_address_and_does_not_show_it() -> None:
    digest = digest_of_address("a@example.com")

    assert len(digest) == 64
    assert "example" not in digest
    assert digest != digest_of_address("b@example.com")


def test_roles_that_do_not_exist_here_are_dropped() -> None:
    assert known_roles(["approval.operator", "root", ""]) == {Role.OPERATOR}
