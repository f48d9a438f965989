"""Fields that people fill in: e-mail, plain text, country; and the refusal of card numbers.

A card number must never be stored, so it is refused wherever it might be typed, and no error
repeats it.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.card_numbers import card_numbers
from shared.fields import matching

_EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
# Nor what turns the direction of writing round: it makes people read what is not there.
_TURNS = r"\u202a-\u202e\u2066-\u2069"
_NO_CONTROLS = rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029{_TURNS}]*"
_LINES_WITHOUT_CONTROLS = rf"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_TURNS}]*"


def holds_card_number(text: str) -> bool:
    """Whether a number of 13 to 19 digits, spaced or not, passes the Luhn check."""
    return next(card_numbers(text), None) is not None


def _refuse_card_number(text: str) -> str:
    if holds_card_number(text):
        raise PydanticCustomError(
            "card_number_refused", "looks like a card number, which must not be sent here"
        )
    return text


Email = Annotated[str, Field(max_length=254), matching(_EMAIL, "an e-mail address")]
PlainText = Annotated[
    str,
    Field(min_length=1, max_length=200),
    matching(_NO_CONTROLS, "one line of text"),
    AfterValidator(_refuse_card_number),
]
Paragraph = Annotated[
    str,
    Field(min_length=1, max_length=4000),
    AfterValidator(lambda text: text.replace("\r\n", "\n")),  # as a browser's form sends it
    matching(_LINES_WITHOUT_CONTROLS, "text without control characters"),
    AfterValidator(_refuse_card_number),
]
Country = Annotated[str, matching(r"[A-Z]{2}", "two capital letters (ISO 3166-1)")]
PostalCode = Annotated[
    str, matching(r"[A-Za-z0-9][A-Za-z0-9 -]{0,15}", "up to 16 letters, digits, spaces and -")
]
Phone = Annotated[
    str, matching(r"\+[1-9][0-9]{6,14}", "a phone number such as +4930123456 (E.164)")
]
DeviceToken = Annotated[
    str,
    Field(min_length=1, max_length=512),
    matching(r"[A-Za-z0-9._:=-]*", "a push service's token"),
    AfterValidator(_refuse_card_number),
]
PaymentToken = Annotated[
    str,
    Field(min_length=1, max_length=200),
    matching(r"[\x21-\x7e]*", "printable ASCII without spaces"),
    AfterValidator(_refuse_card_number),
]
