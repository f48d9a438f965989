"""Which log records are wanted: ``logging.logLevel`` of host.json as a value.

A rule is for every category that begins with its name, whatever the case, and of two the longer
counts; ``default`` is for what no rule names. What writes the records is ``console``'s business.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from funchost.settings.section import Section

SECTION = "logging.logLevel"
DEFAULT = "default"
NOTHING = logging.CRITICAL + 1

LEVELS: Mapping[str, int] = {
    "Trace": 1,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": NOTHING,
}
_BY_NAME = {name.casefold(): level for name, level in LEVELS.items()}


@dataclass(frozen=True, slots=True)
class LogLevels:
    """The lowest level that is wanted of a category, in the numbers of ``logging``."""

    rules: Mapping[str, int] = field(default_factory=dict[str, int])  # by category in casefold

    @classmethod
    def of(cls, section: Section) -> Self:
        """Read the rules.

        Raises:
            SettingsError: a level does not exist.
        """
        rules: dict[str, int] = {}
        for category, text in section.texts(SECTION).items():
            level = _BY_NAME.get(text.casefold())
            if level is None:
                raise section.error(
                    SECTION, f"must be one of {', '.join(LEVELS)}, not {text!r}", member=category
                )
            rules[category.casefold()] = level
        return cls(rules)

    @property
    def lowest(self) -> int:
        """Return the lowest level that any category is wanted from."""
        return min(self.default, *self.rules.values(), NOTHING)

    @property
    def default(self) -> int:
        """Return the level for what no rule names."""
        return self.rules.get(DEFAULT, logging.INFO)

    def named(self, category: str) -> int | None:
        """Return the level that a rule gives a category, None when no rule is for it."""
        wanted = category.casefold()
        fitting = [name for name in self.rules if name != DEFAULT and wanted.startswith(name)]
        return self.rules[max(fitting, key=len)] if fitting else None

    def level(self, category: str) -> int:
        """Return the lowest level that is wanted of a category."""
        named = self.named(category)
        return self.default if named is None else named
