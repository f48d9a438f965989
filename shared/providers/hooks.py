"""Short messages and pushes, sent by a service that is told by a signed notice.

The notice follows https://www.standardwebhooks.com; its id is derived from the letter's key, by
which the service recognises a repeat. What is done with a notice is that service's business.
"""

import json
from http import HTTPStatus
from typing import Final

import requests

from shared.clock import Clock
from shared.errors import ProviderUnavailableError
from shared.ids import derived_id
from shared.notifications.composing import Letter
from shared.notifications.contacts import Channel
from shared.settings.providers import NotificationHook

_TIMEOUT_S: Final = (3.05, 20.0)
# What may be answered otherwise the next time.
_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class HookedMessages:
    """Tells the service what to send.

    Args:
        hook: Where it listens, and the secret that both know.
        clock: Dates the notices; a repeat has its own time, for old ones are not believed.
    """

    def __init__(self, hook: NotificationHook, clock: Clock) -> None:
        self._hook = hook
        self._clock = clock

    def send(self, letter: Letter, channel: Channel) -> bool:
        """Have a letter sent; False when the service refuses it.

        Raises:
            ProviderUnavailableError: The service could not be reached or says "later".
        """
        body = json.dumps(
            {
                "type": f"message.{channel}",
                "timestamp": letter.at.isoformat(),
                "data": {"to": letter.recipient, "subject": letter.subject, "text": letter.text},
            },
            ensure_ascii=False,
        ).encode()
        signed = self._hook.secret.sign(
            body, notice_id=derived_id("msg", letter.key), at=self._clock.now()
        )
        try:
            answer = requests.post(
                self._hook.url,
                data=body,
                headers={"Content-Type": "application/json", **signed},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            raise ProviderUnavailableError(
                f"the message service did not answer: {type(failure).__name__}"
            ) from None
        return _taken(answer.status_code)


def _taken(status: int) -> bool:
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ProviderUnavailableError(f"the message service says {status}")
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
