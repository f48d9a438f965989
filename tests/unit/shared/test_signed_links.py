"""Links: believed only whole, ours and in time."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.signed_links import (
    LinkClaims,
    LinkKeys,
    LinkRefusal,
    form_proof,
    proves_form,
    shown_in_logs,
    sign,
    verify,
)

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
APPROVER = "ab" * 32


def keys(*kids: str) -> LinkKeys:
    return LinkKeys.parse(
        ",".join(f"{kid}:{base64.b64encode(kid.encode() * 32).decode()}" for kid in kids)
    )


def claims(**changes: object) -> LinkClaims:
    named: dict[str, object] = {
        "instance": "approval-A1",
        "level": 2,
        "round_": 1,
        "approver": APPROVER,
        "expires_at": LATER,
        **changes,
    }
    return LinkClaims.of(named.pop("instance"), **named)  # type: ignore[arg-type]  # a test's table


KEYS = keys("a")
TOKEN = sign(claims(), KEYS)


def test_a_link_says_what_it_was_signed_for() -> None:
    assert verify(TOKEN, KEYS, now=NOW) == claims()


def test_a_link_is_safe_in_a_path_and_names_nobody() -> None:
    payload = base64.urlsafe_b64decode(TOKEN.split(".")[2] + "===")

    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert b"@" not in payload


def test_a_repeated_mail_carries_the_same_link() -> None:
    assert sign(claims(), KEYS) == TOKEN


@pytest.mark.parametrize(
    "change",
    [{"instance": "approval-A2"}, {"level": 3}, {"round_": 2}, {"approver": "cd" * 32}],
    ids=lambda change: next(iter(change)),
)
def test_every_link_has_an_id_of_its_own(change: dict[str, object]) -> None:
    assert claims(**change).jti != claims().jti
    assert shown_in_logs(claims(**change)) != shown_in_logs(claims())


def test_fractions_of_a_second_are_dropped_from_the_expiry() -> None:
    precise = claims(expires_at=LATER + timedelta(microseconds=700))

    assert verify(sign(precise, KEYS), KEYS, now=NOW) == precise


def test_a_link_is_worth_nothing_from_its_expiry_on() -> None:
    assert verify(TOKEN, KEYS, now=LATER - timedelta(microseconds=1)) == claims()
    assert verify(TOKEN, KEYS, now=LATER) is LinkRefusal.EXPIRED


@given(position=st.integers(0, len(TOKEN) - 1), letter=st.sampled_from("AZaz09-_.=~"))
def test_a_link_with_any_letter_changed_is_refused(position: int, letter: str) -> None:
    changed = TOKEN[:position] + letter + TOKEN[position + 1 :]

    if changed != TOKEN:
        assert isinstance(verify(changed, KEYS, now=NOW), LinkRefusal)


@given(st.text(max_size=200))
def test_no_text_that_anybody_makes_up_is_a_link(text: str) -> None:
    assert isinstance(verify(text, KEYS, now=NOW), LinkRefusal)


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        ("", LinkRefusal.MALFORMED),
        ("v1.a.b", LinkRefusal.MALFORMED),
        (TOKEN.replace("v1.", "v2."), LinkRefusal.MALFORMED),
        (TOKEN + "." + TOKEN, LinkRefusal.MALFORMED),
        ("v1.a." + "x" * 2000 + ".y", LinkRefusal.MALFORMED),
        (TOKEN.replace("v1.a.", "v1.b."), LinkRefusal.UNKNOWN_KEY),
        (TOKEN[:-1], LinkRefusal.FORGED),
        (TOKEN + "=", LinkRefusal.FORGED),
    ],
)
def test_why_a_link_is_refused_is_known_inside(token: str, refusal: LinkRefusal) -> None:
    assert verify(token, KEYS, now=NOW) is refusal


def test_another_level_cannot_be_put_under_a_signature() -> None:
    other = sign(claims(level=3), KEYS).split(".")
    mine = TOKEN.split(".")

    retargeted = ".".join([*other[:3], mine[3]])

    assert verify(retargeted, KEYS, now=NOW) is LinkRefusal.FORGED


def test_links_of_a_key_that_no_longer_signs_still_count() -> None:
    rotated = keys("b", "a")

    assert verify(TOKEN, rotated, now=NOW) == claims()
    assert sign(claims(), rotated).startswith("v1.b.")
    assert verify(sign(claims(), rotated), KEYS, now=NOW) is LinkRefusal.UNKNOWN_KEY


def test_the_name_of_a_key_does_not_make_up_for_another_secret() -> None:
    impostor = LinkKeys.parse("a:" + base64.b64encode(b"x" * 32).decode())

    assert verify(sign(claims(), impostor), KEYS, now=NOW) is LinkRefusal.FORGED


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a",
        "a:",
        ":" + base64.b64encode(b"CANARY" * 6).decode(),
        "a:CANARY!!",
        "a:" + base64.b64encode(b"CANARY" * 5).decode(),
        "a b:" + base64.b64encode(b"CANARY" * 6).decode(),
        f"a:{base64.b64encode(b'CANARY' * 6).decode()},a:{base64.b64encode(b'x' * 32).decode()}",
    ],
)
def test_keys_that_cannot_be_used_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        LinkKeys.parse(text)

    assert "CANARY" not in str(caught.value)
    assert base64.b64encode(b"CANARY").decode()[:6] not in str(caught.value)


def test_a_secret_never_shows_in_a_keys_text() -> None:
    assert "aaaa" not in repr(KEYS)


def test_a_form_is_proved_to_come_from_its_links_page() -> None:
    other = sign(claims(level=3), KEYS)

    assert proves_form(form_proof(TOKEN, KEYS), TOKEN, KEYS)
    assert proves_form(form_proof(TOKEN, KEYS), TOKEN, keys("b", "a"))
    assert not proves_form(form_proof(other, KEYS), TOKEN, KEYS)
    assert not proves_form(form_proof(TOKEN, keys("b")), TOKEN, KEYS)
    assert not proves_form(TOKEN.rpartition(".")[2], TOKEN, KEYS)
    assert not proves_form("", TOKEN, KEYS)
    assert not proves_form("ä", TOKEN, KEYS)
