"""Pages for people: HTML made on the server, under a policy that lets nothing else run.

``Pages(folder)`` renders a domain's templates inside the common frame; ``read_form`` takes a form
that our own page sent; ``see_other`` leads on after a POST; ``page`` declares the handler of one,
with ``FORM`` when it takes a form, and tells people what went wrong; ``alone`` renders a page that
is a file of its own; ``way_in`` and ``way_out`` say where people sign in and out. Values are put
into words in ``shared.pages.words``. No page of any domain is here, and no route: style and sign-in
are served by workflows.site.
"""

from shared.pages.alone import Stylesheet, alone
from shared.pages.assets import find_asset
from shared.pages.doors import way_in, way_out
from shared.pages.failures import FORM, Link, notice, page
from shared.pages.forms import ForeignFormError, Form, read_form
from shared.pages.navigation import CONSOLE_PATH, Area
from shared.pages.rendering import Pages, attachment, local_path, see_other
from shared.pages.visitors import Visitor, visitor_at

__all__ = [
    "CONSOLE_PATH",
    "FORM",
    "Area",
    "ForeignFormError",
    "Form",
    "Link",
    "Pages",
    "Stylesheet",
    "Visitor",
    "alone",
    "attachment",
    "find_asset",
    "local_path",
    "notice",
    "page",
    "read_form",
    "see_other",
    "visitor_at",
    "way_in",
    "way_out",
]
