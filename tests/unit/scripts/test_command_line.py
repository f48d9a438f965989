"""The words of `./dev`, as they are read and as they are told."""

import pytest

from scripts.__main__ import main, parser
from scripts.azurite import Ports
from scripts.layout import HOST_STATE, ROOT


def _words() -> list[str]:
    choices = [action.choices for action in parser()._actions if action.dest == "word"]
    assert choices[0] is not None
    return list(choices[0])


def test_no_word_says_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0

    said = capsys.readouterr().out
    assert [word for word in _words() if f"    {word} " not in said] == []


def test_every_word_is_in_the_guide_for_contributors() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert [word for word in _words() if word != "help" and f"| `{word}` |" not in guide] == []


def test_start_has_the_defaults_of_a_local_host() -> None:
    options = parser().parse_args(["start"])

    assert (options.host, options.port) == ("127.0.0.1", 7071)
    assert options.state == str(HOST_STATE)
    assert not options.fresh


def test_what_follows_test_is_left_to_pytest() -> None:
    _, rest = parser().parse_known_args(["test", "--long", "-k", "retry", "tests/unit"])

    assert rest == ["--long", "-k", "retry", "tests/unit"]


def test_what_a_word_does_not_take_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["start", "--quickly"])

    assert "start does not take --quickly" in capsys.readouterr().err


def test_a_connection_string_names_all_three_services() -> None:
    text = Ports(blob=1, queue=2, table=3).connection_string

    assert "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;" in text
    assert "QueueEndpoint=http://127.0.0.1:2/devstoreaccount1;" in text
    assert "TableEndpoint=http://127.0.0.1:3/devstoreaccount1;" in text
