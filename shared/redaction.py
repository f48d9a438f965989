"""Hides what nobody who reads a log, a history or a page needs: secrets and personal data.

A net below the rules, not instead of them: what is private stays out of histories and logs in the
first place. It errs towards hiding, and it changes nothing that is kept.
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from shared.card_numbers import card_numbers

HIDDEN: Final = "[redacted]"
HIDDEN_ADDRESS: Final = "[e-mail]"
HIDDEN_CARD: Final = "[card number]"

_DEEPEST: Final = 64
_PRIVATE_WORDS: Final = frozenset(
    {
        *("address", "auth", "authorization", "cookie", "credential", "credentials", "cvc", "cvv"),
        *("email", "iban", "jwt", "pan", "passphrase", "password", "passwd", "phone", "pwd"),
        *("secret", "secrets", "sig", "signature", "token", "tokens"),
    }
)
_PRIVATE_PAIRS: Final = frozenset(
    {
        *(("access", "key"), ("account", "key"), ("api", "key"), ("card", "number")),
        *(("connection", "string"), ("function", "key"), ("functions", "key")),
        *(("private", "key"), ("system", "key")),
    }
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Every repetition has one way to match, so that a stranger's text costs linear time.
_ADDRESS: Final = re.compile(
    r"(?<![\w.!#$'*+^`{|}~-])[\w.!#$'*+^`{|}~-]++(?:@|%40)(?:[\w-]++\.)+[^\W\d_]{2,63}"
)
_SIGN_IN: Final = re.compile(
    r"\b(bearer|sharedaccesssignature)\s+(?=[a-z~+/&]*[\d._=%-])[\w.~+/=%&-]{8,}", re.IGNORECASE
)
_WEB_TOKEN: Final = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_LINK_TOKEN: Final = re.compile(r"(/links/)[^\s/?#\"']+")
_IN_QUERY: Final = re.compile(r"([?&](?:amp;)?(?:code|sig)=)[^&\s\"'#<>]+", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"((?:account_?key|access_?key|api[_-]?key|functions-key|authorization"
    r"|cookie|passphrase|passw(?:or)?d|pwd|secret|sharedaccesssignature|token)"
    r"\\?[\"']?\s{0,4}[=:]\s{0,4}\\?[\"']?)(?:basic\s+)?(?!\[|bearer\s)[^\s\"'\\&,;}\]]+",
    re.IGNORECASE,
)


def redact_text(text: str) -> str:
    """Return the text with every secret, card number and mail address in it replaced by a mark."""
    for pattern, mark in (
        (_SIGN_IN, rf"\1 {HIDDEN}"),
        (_WEB_TOKEN, HIDDEN),
        (_LINK_TOKEN, rf"\1{HIDDEN}"),
        (_IN_QUERY, rf"\1{HIDDEN}"),
        (_NAMED, rf"\1{HIDDEN}"),
        (_ADDRESS, HIDDEN_ADDRESS),
    ):
        text = pattern.sub(mark, text)
    return _without_cards(text)


def redact(document: Any) -> Any:
    """Return a JSON document with the values of private names hidden, and every text redacted.

    JSON inside of text, as histories hold it, is redacted by its names, too. Booleans and null
    stay: whether there was an address is not the address. Nothing nested deeper than 64 is shown.
    """
    return _redacted(document, _DEEPEST)


def is_private(name: str) -> bool:
    """Whether a member of this name holds what must not be shown: ``paymentToken``, ``e_mail``."""
    words = [word.lower() for word in _WORD.findall(name)]
    pairs = list(itertools.pairwise(words))
    return (
        not _PRIVATE_WORDS.isdisjoint(words)
        or not _PRIVATE_PAIRS.isdisjoint(pairs)
        or ("e", "mail") in pairs
    )


def _redacted(document: Any, deepest: int) -> Any:
    match document:
        case str():
            return _redacted_text(document, deepest)
        case int() if 10**12 <= document < 10**19:
            return document if _without_cards(str(document)) == str(document) else HIDDEN_CARD
        case Mapping() | list() | tuple() if deepest <= 0:
            return HIDDEN
        case Mapping():
            members = cast("Mapping[str, Any]", document)
            return {
                redact_text(name): _member(name, value, deepest - 1)
                for name, value in members.items()
            }
        case list() | tuple():
            return [_redacted(part, deepest - 1) for part in cast("list[Any]", document)]
        case _:
            return document


def _member(name: str, value: Any, deepest: int) -> Any:
    if is_private(name) and not isinstance(value, bool | None):
        return HIDDEN
    return _redacted(value, deepest)


def _redacted_text(text: str, deepest: int) -> str:
    if text[:1] in {"{", "[", '"'}:
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return redact_text(text)
        return json.dumps(_redacted(inner, deepest - 1), ensure_ascii=False)
    return redact_text(text)


def _without_cards(text: str) -> str:
    """Hide card numbers; those of payment cards begin with 2 to 6, counted milliseconds do not."""
    parts, shown = list[str](), 0
    for begin, end in card_numbers(text):
        if text[begin] in "23456":
            parts += (text[shown:begin], HIDDEN_CARD)
            shown = end
    return "".join((*parts, text[shown:]))
