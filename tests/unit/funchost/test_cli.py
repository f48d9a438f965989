"""The command line: words in, options out; one sentence when it fails."""

from pathlib import Path

import pytest

from funchost.cli import main
from funchost.engine.errors import StateFileHeldError
from funchost.errors import StartError
from funchost.options import Auth, Options, Sync


class Run:
    """Plays the bootstrap: keeps the options, fails if told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.options: Options | None = None

    def __call__(self, options: Options) -> None:
        self.options = options
        if self.error:
            raise self.error


def options_of(*words: str) -> Options:
    run = Run()
    assert main(words, run=run) == 0
    assert run.options is not None
    return run.options


def test_without_words_the_app_is_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    options = options_of("start")

    assert options == Options(app=tmp_path.resolve())
    assert options.state_file == tmp_path.resolve() / ".funchost" / "state.db"
    assert (options.port, options.host, options.sync) == (None, "127.0.0.1", Sync.NORMAL)


def test_every_word_arrives(tmp_path: Path) -> None:
    words = ["--port", "0", "--host", "0.0.0.0", "--state", str(tmp_path / "s.db"), "--verbose"]  # noqa: S104 - only read
    more = ["--sync", "full", "--functions", "one", "two"]

    assert options_of("start", "--app", str(tmp_path), *words, *more) == Options(
        app=tmp_path.resolve(),
        port=0,
        host="0.0.0.0",  # noqa: S104 - only read
        state=(tmp_path / "s.db").resolve(),
        verbose=True,
        sync=Sync.FULL,
        functions=("one", "two"),
    )


def test_the_words_of_func_start_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    words = ["--cors", "https://a.example.com, https://b.example.com", "--cors-credentials"]

    options = options_of("start", "-p", "7072", "--address", "::1", "--no-build", *words)

    assert (options.port, options.host) == (7072, "::1")
    assert options.cors == ("https://a.example.com", "https://b.example.com")
    assert options.cors_credentials
    assert options.auth is Auth.OFF


@pytest.mark.parametrize("words", [["--auth", "enforce"], ["--enableAuth"]])
def test_keys_are_asked_for_when_told_to(tmp_path: Path, words: list[str]) -> None:
    options = options_of("start", "--app", str(tmp_path), *words)

    assert options.auth is Auth.ENFORCE
    assert options.key_file == tmp_path.resolve() / ".funchost" / "keys.json"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["stop"],
        ["start", "--port", "x"],
        ["start", "--port", "65536"],
        ["start", "--port", "-1"],
        ["start", "--port", "9" * 5000],
        ["start", "--sync", "sometimes"],
        ["start", "--app", "no/such/folder"],
        ["start", "--auth", "perhaps"],
        ["start", "--nonsense"],
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_wrong_words_are_usage_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run = Run()

    with pytest.raises(SystemExit) as stopped:
        main(words, run=run)

    assert stopped.value.code == 2
    assert run.options is None
    assert "usage: funchost" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [StartError, StateFileHeldError])
def test_what_a_person_can_put_right_is_one_sentence(
    kind: type[Exception], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["start", "--app", str(tmp_path)], run=Run(kind("The port is taken.")))

    assert code == 1
    assert capsys.readouterr().err == "funchost: The port is taken.\n"


def test_an_interrupt_is_no_error_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["start", "--app", str(tmp_path)], run=Run(KeyboardInterrupt()))

    assert (code, capsys.readouterr().err) == (130, "")
