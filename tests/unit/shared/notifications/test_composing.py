"""Letters: plain text for everybody, and HTML that says nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.notifications.composing import Letter, compose, html_of

LETTER = Letter(
    key="o1:shipped",
    recipient="customer@example.com",
    subject="Your order o1\nis on its way",
    text="Grüße & <b>5 €</b>\n\nhttps://app.example.com/api/o1",
    at=datetime(2026, 1, 5, tzinfo=UTC),
)


def test_a_mail_holds_the_text_and_the_same_as_html() -> None:
    mail = compose(LETTER, sender="shop@example.com")

    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == LETTER.text.splitlines()
    assert "Grüße" in html.get_content()
    assert mail["Subject"] == "Your order o1 is on its way"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_what_people_wrote_is_escaped_and_addresses_become_links() -> None:
    page = html_of(LETTER)

    assert "Grüße &amp; &lt;b&gt;5 €&lt;/b&gt;" in page
    assert '<a href="https://app.example.com/api/o1"' in page
    assert "<b>" not in page


def test_nothing_in_the_html_comes_from_elsewhere() -> None:
    page = html_of(replace(LETTER, text="No address."))

    assert [sign for sign in ("http", "src=", "url(", "<script", "<link") if sign in page] == []


def test_whom_a_letter_is_for_does_not_show_by_accident() -> None:
    assert "customer@example.com" not in repr(LETTER)
    assert "Grüße" not in repr(LETTER)
