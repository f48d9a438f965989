"""Which providers that exist are used, and how to reach them; without any the sandbox serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.setting_readers import LOOP_BACK, InvalidSettingError


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAccount:
    """With what payments are made at Stripe; ``base_url`` is a local server that stands for it."""

    api_key: str = field(repr=False)
    base_url: str | None


def stripe_account(environ: Mapping[str, str]) -> StripeAccount | None:
    """Read the account that takes payments."""
    provider = environ.get("PAYMENT_PROVIDER", "").strip() or "sandbox"
    if provider == "sandbox":
        return None
    if provider != "stripe":
        raise InvalidSettingError("PAYMENT_PROVIDER", f"{provider!r} is not one of sandbox, stripe")
    api_key = environ.get("STRIPE_API_KEY", "").strip()
    if not api_key.startswith(("sk_", "rk_")):  # the value itself stays out of the message
        raise InvalidSettingError("STRIPE_API_KEY", "must be a secret or restricted key of Stripe")
    base_url = environ.get("STRIPE_API_URL", "").strip().rstrip("/") or None
    if base_url and urlsplit(base_url).hostname not in LOOP_BACK:
        raise InvalidSettingError("STRIPE_API_URL", "may only name a server on this machine")
    return StripeAccount(api_key=api_key, base_url=base_url)
