"""local.settings.json: values for the environment, and where to listen."""

from pathlib import Path

import pytest

from funchost.settings.errors import SettingsError
from funchost.settings.local import LocalSettings


def load(tmp_path: Path, content: str | None = None) -> LocalSettings:
    if content is not None:
        (tmp_path / "local.settings.json").write_text(content)
    return LocalSettings.load(tmp_path)


def test_a_missing_file_sets_nothing(tmp_path: Path) -> None:
    assert load(tmp_path) == LocalSettings()


def test_values_reach_the_environment_unless_they_are_there(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '{"IsEncrypted": false, "Values": {"A": "1", "B": "2", "C": null, "D": 4, "E.F": true}}',
    )
    environ = {"A": "mine"}

    skipped = settings.apply(environ)

    assert skipped == ("A",)
    assert environ == {"A": "mine", "B": "2", "D": "4", "E.F": "True"}


def test_port_and_origins_are_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '{"Host": {"LocalHttpPort": 7072, "CORS": "http://a, http://b", "CORSCredentials": true}}',
    )

    assert settings.port == 7072
    assert settings.cors_origins == ("http://a", "http://b")
    assert settings.cors_credentials is True


def test_values_are_not_shown_by_accident(tmp_path: Path) -> None:
    assert "hidden" not in repr(load(tmp_path, '{"Values": {"Key": "hidden"}}'))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"IsEncrypted": true}', ":1:17: IsEncrypted: encrypted settings cannot be read here"),
        ('{"Values":\n {"a.b": []}}', ":2:10: Values.a.b: must be a string"),
        ('{"Values": 1}', ":1:12: Values: must be an object, not 1"),
        ('{"Host": {"LocalHttpPort": 70000}}', ":1:28: Host.LocalHttpPort: must be a port"),
        ('{"Host": {"CORSCredentials": "perhaps"}}', "must be true or false, not 'perhaps'"),
        ("1", ":1:1: must hold an object"),
    ],
    ids=["encrypted", "list as value", "no object", "port", "flag", "no document"],
)
def test_a_complaint_names_its_place(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, content)

    assert complaint in str(caught.value)
