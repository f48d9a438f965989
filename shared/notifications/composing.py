"""A letter as a mail: plain text for every reader, and the same words as HTML beside it.

The HTML holds nothing from elsewhere and nothing that the text does not say.
"""

import email.policy
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

if TYPE_CHECKING:
    from email.policy import EmailPolicy

_TEMPLATES: Final = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one person is told; ``key`` is the same on every repeat."""

    key: str
    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    at: datetime


def compose(
    letter: Letter, *, sender: str, policy: "EmailPolicy[EmailMessage]" = email.policy.SMTP
) -> EmailMessage:
    """Return the mail; a line break in the subject becomes a space."""
    mail = EmailMessage(policy=policy)
    mail["From"] = sender
    mail["To"] = letter.recipient
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = letter.at
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    mail.set_content(letter.text, cte="8bit" if policy.cte_type == "8bit" else None)
    mail.add_alternative(html_of(letter), subtype="html")
    return mail


def html_of(letter: Letter) -> str:
    """Return the letter as a page; every value is escaped, addresses of pages become links."""
    paragraphs = [part for part in letter.text.split("\n\n") if part.strip()]
    return _layout().render(subject=letter.subject, paragraphs=paragraphs)


@cache
def _layout() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")
