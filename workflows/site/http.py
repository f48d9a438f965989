"""``GET /api/assets/{name}`` and ``/api/sign-in``, both without a key.

Signing in exists in development only, where callers are whoever they say. Elsewhere the platform
signs people in, before any of this runs.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.errors import InstanceUnknownError
from shared.identity import development_cookie, development_principal, principal_of
from shared.pages import Form, Pages, find_asset, local_path, page, read_form, see_other
from shared.principal import Role
from shared.settings import IdentitySource, current_settings
from workflows.site import api, names

blueprint = df.Blueprint()

SIGN_IN_PATH: Final = "/api/sign-in"
_FOR_EVER: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
_FIELDS: Final = frozenset({"address", "next", "leave", *Role})

_pages = Pages(Path(__file__).with_name("templates"))


@blueprint.function_name(names.GET_ASSET)
@blueprint.route(
    route="assets/{name}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS
)
@page(Permission.PUBLIC, api.GET_ASSET)
async def get_asset(req: func.HttpRequest) -> func.HttpResponse:
    """Send a file that pages refer to; its name changes with its content."""
    asset = find_asset(req.route_params.get("name", ""))
    if asset is None:
        raise InstanceUnknownError("there is no such file")
    return func.HttpResponse(asset.content, headers=_FOR_EVER, mimetype=asset.media_type)


@blueprint.function_name(names.SIGN_IN)
@blueprint.route(route="sign-in", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@page(Permission.PUBLIC, api.SIGN_IN)
async def sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Let a developer be somebody, or nobody again."""
    if current_settings().identity is not IdentitySource.DEVELOPMENT:
        raise InstanceUnknownError("there is no such page")
    if req.method == "GET":
        return _sign_in_page(req, following=req.params.get("next", ""))
    form = read_form(req, fields=_FIELDS)
    if "leave" in form:
        return see_other(SIGN_IN_PATH, headers={"Set-Cookie": development_cookie(None)})
    return _signed_in(req, form)


def _signed_in(req: func.HttpRequest, form: Form) -> func.HttpResponse:
    claimed = ",".join(role for role in Role if role in form)
    principal = development_principal(form.get("address", ""), claimed)
    following = local_path(form.get("next", ""))
    if principal is None:
        return _sign_in_page(
            req,
            following=following or "",
            status=HTTPStatus.BAD_REQUEST,
            wrong="That is not a mail address.",
        )
    return see_other(
        following or SIGN_IN_PATH, headers={"Set-Cookie": development_cookie(principal)}
    )


def _sign_in_page(
    req: func.HttpRequest, *, following: str, status: int = HTTPStatus.OK, wrong: str = ""
) -> func.HttpResponse:
    return _pages.render(
        "sign_in.html",
        status=status,
        signed_in=principal_of(req),
        following=local_path(following) or "",
        roles=tuple(Role),
        wrong=wrong,
    )
