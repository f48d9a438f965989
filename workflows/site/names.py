"""Registered names of the functions that serve the frame of every page."""

from typing import Final

GET_ASSET: Final = "site_get_asset"
SIGN_IN: Final = "site_sign_in"
