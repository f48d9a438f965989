"""Providers: reached as the settings say, and never by a setting that is half or unsafe."""

import pytest

from shared.settings.providers import SmtpSecurity, notification_hook, smtp_server
from shared.settings.readers import InvalidSettingError

SMTP = {"SMTP_HOST": "mail.example.com", "MAIL_SENDER": "shop@example.com"}
SECRET = "whsec_" + "QUJD" * 8
HOOK = {
    "NOTIFICATION_HOOK_URL": "https://notify.example.com/in",
    "NOTIFICATION_HOOK_SECRET": SECRET,
}


def test_without_a_host_there_is_no_mail_server_and_without_an_address_no_service() -> None:
    assert smtp_server({"SMTP_PORT": "nonsense"}) is None
    assert notification_hook({}) is None


def test_a_mail_server_is_spoken_to_in_private_unless_told_otherwise() -> None:
    server = smtp_server({**SMTP, "SMTP_USER": "shop", "SMTP_PASSWORD": "CANARY"})

    assert server is not None
    assert (server.port, server.security) == (587, SmtpSecurity.STARTTLS)
    assert (server.user, server.password) == ("shop", "CANARY")
    assert "CANARY" not in repr(server)


def test_a_message_service_is_known_by_its_address_and_a_secret_that_never_shows() -> None:
    hook = notification_hook(HOOK)

    assert hook is not None
    assert hook.url == "https://notify.example.com/in"
    assert "ABC" not in repr(hook)


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"MAIL_SENDER": ""}, "MAIL_SENDER"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT"),
        ({"SMTP_PORT": "x"}, "SMTP_PORT"),
        ({"SMTP_SECURITY": "maybe"}, "SMTP_SECURITY"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused(
    changes: dict[str, str], setting: str
) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        smtp_server({**SMTP, **changes})

    assert refused.value.setting == setting


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"NOTIFICATION_HOOK_URL": "http://notify.example.com"}, "NOTIFICATION_HOOK_URL"),
        ({"NOTIFICATION_HOOK_URL": "https://a:b@notify.example.com"}, "NOTIFICATION_HOOK_URL"),
        ({"NOTIFICATION_HOOK_SECRET": "CANARY"}, "NOTIFICATION_HOOK_SECRET"),
    ],
)
def test_a_message_service_that_cannot_be_used_is_refused(
    changes: dict[str, str], setting: str
) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        notification_hook({**HOOK, **changes})

    assert refused.value.setting == setting
    assert "CANARY" not in str(refused.value)
