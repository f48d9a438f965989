"""Which key opens what, and how keys are made and kept."""

import json
import stat
from pathlib import Path

import pytest

from funchost.errors import StartError
from funchost.http.auth import Guard, key_of
from funchost.http.keys import Keys

KEYS = Keys(
    master="master",
    host={"default": "host", "other": "host-2"},
    functions={"hello": {"default": "own"}, "bye": {"default": "foreign"}},
    system={"durabletask_extension": "system"},
)
ALL = ["master", "host", "host-2", "own", "foreign", "system", "wrong", "", "ü", None]


def opening(level: str) -> list[str | None]:
    return [key for key in ALL if Guard(KEYS).opens_function("hello", level, key)]


def test_an_anonymous_function_is_open_with_any_key_or_none() -> None:
    assert opening("anonymous") == ALL


def test_a_function_key_opens_its_function_and_host_keys_open_all() -> None:
    assert opening("function") == ["master", "host", "host-2", "own"]


@pytest.mark.parametrize("level", ["admin", "system", "unheard of"])
def test_every_other_level_is_the_masters_alone(level: str) -> None:
    assert opening(level) == ["master"]


def test_the_admin_endpoints_want_the_master_and_the_management_api_the_system_key() -> None:
    guard = Guard(KEYS)

    assert [key for key in ALL if guard.opens_admin(key)] == ["master"]
    assert [key for key in ALL if guard.opens_management(key)] == ["master", "system"]


@pytest.mark.parametrize(
    ("headers", "query", "key"),
    [
        ({}, "", None),
        ({}, "a=1&code=c%2B%3D", "c+="),
        ({}, "CODE=c", "c"),
        ({"x-functions-key": "h"}, "code=c", "h"),
        ({"x-functions-key": ""}, "code=c", "c"),
    ],
)
def test_a_key_comes_in_the_header_or_the_query(
    headers: dict[str, str], query: str, key: str | None
) -> None:
    assert key_of(headers, query) == key


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / ".funchost" / "keys.json"

    made = Keys.load(path, ["hello"])
    again = Keys.load(path, ["hello", "bye"])

    assert again.master == made.master
    assert again.functions["hello"] == made.functions["hello"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = [again.master, again.host["default"], again.system["durabletask_extension"]]
    values += [each["default"] for each in again.functions.values()]
    assert len(set(values)) == 5
    assert all(len(value) >= 50 for value in values)


def test_keys_of_functions_that_are_away_are_kept_for_their_return(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    before = Keys.load(path, ["hello"])
    Keys.load(path, [])

    assert Keys.load(path, ["hello"]).functions == before.functions


def test_a_key_that_somebody_adds_to_the_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keys.load(path, [])
    document = json.loads(path.read_text())
    document["functionKeys"]["partner"] = "chosen"
    path.write_text(json.dumps(document))

    assert Keys.load(path, []).host["partner"] == "chosen"


@pytest.mark.parametrize("text", ["{", "[]", '{"functionKeys": "x"}'])
def test_a_broken_key_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(StartError, match=r"The key file .*keys.json cannot be used"):
        Keys.load(path, ["hello"])
    assert path.read_text() == text


def test_keys_do_not_show_themselves() -> None:
    assert "master" not in repr(KEYS)
