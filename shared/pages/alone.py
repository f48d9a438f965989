"""A page that is one file: it holds its style, and its policy lets in that style and nothing else.

For what people keep and pass on, such as a report. The policy goes with the answer and, once more,
into the file: it holds when the file is opened from a disk, too. A template extends ``alone.html``.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import azure.functions as func
from markupsafe import Markup

from shared.pages.rendering import Pages

_COMMON: Final = Path(__file__).parent / "static" / "style.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stylesheet:
    """A style as it stands in a file, and how a policy names it.

    Attributes:
        text: the style.
        policy: a content security policy that lets in this style, by its digest, and nothing else.
    """

    text: Markup
    policy: str

    @classmethod
    def of(cls, *files: Path) -> Self:
        """Put the common style and further files together; what is in them is ours."""
        text = "".join(file.read_text("utf-8") for file in (_COMMON, *files))
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return cls(
            text=Markup(text),  # noqa: S704 - our own file, and markup would end the style
            policy=(
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;"
                " form-action 'none'; base-uri 'none'"
            ),
        )


def alone(
    pages: Pages, template: str, *, stylesheet: Stylesheet, filename: str, **values: Any
) -> func.HttpResponse:
    """Answer a page that can be kept as a file.

    Args:
        pages: Where the template is.
        template: Its name.
        stylesheet: Its style.
        filename: What a browser calls it when somebody keeps it: letters, digits, ``.-_`` only.
        values: What the template shows.
    """
    return pages.render(
        template,
        headers={
            # Who may frame a page is a matter of the answer: a file cannot say it.
            "Content-Security-Policy": f"{stylesheet.policy}; frame-ancestors 'none'",
            "Content-Disposition": f'inline; filename="{filename}"',
        },
        stylesheet=stylesheet,
        **values,
    )
