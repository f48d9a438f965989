"""host.json: what the app asks of its host, with the platform's defaults.

Keys that this host has no use for are tolerated unread; what local.settings.json holds is in
``local``.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from funchost.engine.versions import ANY_VERSION, FailureStrategy, MatchStrategy, Versioning
from funchost.settings.levels import LogLevels
from funchost.settings.reader import read_file
from funchost.settings.section import Section, empty, overrides
from funchost.settings.timespan import timespan
from funchost.settings.triggers import BlobSettings, QueueSettings

FILE_NAME = "host.json"
OVERRIDE_PREFIX = "AzureFunctionsJobHost"
DEFAULT_TIMEOUT = timedelta(minutes=30)
DEFAULT_HUB = "TestHubName"

_DURABLE = "extensions.durableTask"
_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")
_SETTING = re.compile(r"%([^%]+)%")
_UNLIMITED = {"-1", "-1.00:00:00"}


class OverridableStates(StrEnum):
    """Which instances a start with the same id may replace."""

    NON_RUNNING = "NonRunningStates"
    ANY = "AnyState"


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableSettings:
    """extensions.durableTask; counts are limits on what runs at the same time."""

    hub_name: str = DEFAULT_HUB
    max_concurrent_activities: int
    max_concurrent_orchestrators: int
    max_concurrent_entities: int
    max_entity_batch: int = 50
    max_orchestration_actions: int = 100_000
    overridable_states: OverridableStates = OverridableStates.NON_RUNNING
    http_poll_interval: timedelta = timedelta(seconds=30)
    versioning: Versioning = ANY_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """host.json as it applies; ``warnings`` are sentences for the user."""

    route_prefix: str = "api"  # without slashes at either end; may be empty
    function_timeout: timedelta | None = DEFAULT_TIMEOUT  # None: unlimited
    log_levels: LogLevels = field(default_factory=LogLevels)
    durable: DurableSettings
    queues: QueueSettings = field(default_factory=QueueSettings)
    blobs: BlobSettings = field(default_factory=BlobSettings)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, app_dir: Path, environ: Mapping[str, str]) -> Self:
        """Read host.json; a missing file means defaults.

        Args:
            app_dir: the app's folder.

            environ: app settings, for overrides (``AzureFunctionsJobHost__a__b``) and ``%Name%``.

        Raises:
            SettingsError: the file, or an override, cannot be used.
        """
        path = app_dir / FILE_NAME
        document = read_file(path, first_only=True)
        section = Section(document or empty(path), overrides(environ, OVERRIDE_PREFIX))
        if not isinstance(section.document.value, dict):
            raise section.error("", "must hold an object")
        if document is not None and section.text("version") != "2.0":
            raise section.error("version", 'must be "2.0"')
        return cls(
            route_prefix=_route_prefix(section),
            function_timeout=_function_timeout(section),
            log_levels=LogLevels.of(section),
            durable=_durable(section, environ),
            queues=QueueSettings.of(section),
            blobs=BlobSettings.of(section),
            warnings=_warnings(section),
        )


def _route_prefix(section: Section) -> str:
    prefix = section.text("extensions.http.routePrefix")
    return "api" if prefix is None else prefix.strip("/")


def _function_timeout(section: Section) -> timedelta | None:
    text = section.text("functionTimeout")
    if text is None:
        return DEFAULT_TIMEOUT
    if text in _UNLIMITED:
        return None
    timeout = timespan(text)
    if timeout is None or timeout <= timedelta(0):
        raise section.error(
            "functionTimeout", f'must be a time span (hh:mm:ss) or "-1", not {text!r}'
        )
    return timeout


def _durable(section: Section, environ: Mapping[str, str]) -> DurableSettings:
    processors = os.cpu_count() or 1
    poll = section.whole(f"{_DURABLE}.httpSettings.defaultAsyncRequestSleepTimeMilliseconds")
    return DurableSettings(
        hub_name=_hub_name(section, environ),
        max_concurrent_activities=_limit(
            section, "maxConcurrentActivityFunctions", 10 * processors
        ),
        max_concurrent_orchestrators=_limit(
            section, "maxConcurrentOrchestratorFunctions", 10 * processors
        ),
        max_concurrent_entities=_limit(section, "maxConcurrentEntityFunctions", 10 * processors),
        max_entity_batch=_limit(section, "maxEntityOperationBatchSize", 50),
        max_orchestration_actions=_limit(section, "maxOrchestrationActions", 100_000),
        overridable_states=_choice(
            section,
            "overridableExistingInstanceStates",
            OverridableStates,
            OverridableStates.NON_RUNNING,
        ),
        http_poll_interval=timedelta(milliseconds=30_000 if poll is None else poll),
        versioning=Versioning(
            default=section.text(f"{_DURABLE}.defaultVersion"),
            match=_choice(section, "versionMatchStrategy", MatchStrategy, MatchStrategy.NONE),
            failure=_choice(
                section, "versionFailureStrategy", FailureStrategy, FailureStrategy.REJECT
            ),
        ),
    )


def _limit(section: Section, key: str, default: int) -> int:
    value = section.whole(f"{_DURABLE}.{key}", minimum=1)
    return default if value is None else value


def _hub_name(section: Section, environ: Mapping[str, str]) -> str:
    key = f"{_DURABLE}.hubName"
    text = section.text(key)
    if text is None:
        site = "".join(filter(str.isalnum, environ.get("WEBSITE_SITE_NAME", "")))[:45]
        return site if _HUB_NAME.fullmatch(site) else DEFAULT_HUB

    def value_of(found: re.Match[str]) -> str:
        value = environ.get(found[1])
        if value is None:
            raise section.error(key, f"the app setting {found[1]!r} is not there")
        return value

    name = _SETTING.sub(value_of, text)
    if _HUB_NAME.fullmatch(name) is None:
        raise section.error(
            key, f"must be a letter and then 2 to 44 letters or digits, not {name!r}"
        )
    return name


def _choice[C: StrEnum](section: Section, name: str, kind: type[C], default: C) -> C:
    key = f"{_DURABLE}.{name}"
    text = section.text(key)
    if text is None:
        return default
    for choice in kind:
        if choice.casefold() == text.casefold():
            return choice
    raise section.error(key, f"must be one of {', '.join(kind)}, not {text!r}")


def _warnings(section: Section) -> tuple[str, ...]:
    warnings: list[str] = []
    surplus = section.document.surplus
    if surplus is not None:
        warnings.append(
            f"{section.document.source}:{surplus.line}:{surplus.column}: a second document begins "
            "here; the first counts. Remove one: func start may refuse the file."
        )
    if section.flag(f"{_DURABLE}.extendedSessionsEnabled"):
        warnings.append(
            "extendedSessionsEnabled does not work for Python functions; it is taken as false."
        )
    return tuple(warnings)
