"""Finds plugins by entry points, makes one instance of each and keeps it.

Built-ins use the same door as everyone: the table `[project.entry-points."trustdesk.<group>"]`. In a checkout that is
not installed (or whose installed metadata is older than the checkout) the project's own table is read directly.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

_PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


class PluginError(Exception):
    """A plugin cannot be found, loaded or made, or two carry one name."""


def plugins(group: str, enabled: Sequence[str] | None = None) -> dict[str, object]:
    """The plugins of `group` (for example "trustdesk.parsers") by name, instantiated once per process.

    `enabled` restricts and orders them; None means all, by name. Raises PluginError for a name that is not there and
    for a plugin that cannot be loaded: a desk that silently lacks a part is worse than one that does not start.
    """
    declared = _declared(group)
    names = tuple(sorted(declared)) if enabled is None else tuple(enabled)
    missing = [name for name in names if name not in declared]
    if missing:
        raise PluginError(
            f"{group}: no plugin named {', '.join(missing)}; there are {', '.join(sorted(declared)) or 'none'}"
        )
    return {name: _instance(group, name, declared[name]) for name in names}


def make(group: str, name: str, config: Mapping[str, object]) -> object:
    """A fresh plugin of `group` made with its configuration. Raises PluginError, also for a configuration it refuses."""
    declared = _declared(group)
    if name not in declared:
        raise PluginError(f"{group}: no plugin named {name}; there are {', '.join(sorted(declared)) or 'none'}")
    try:
        return EntryPoint(name, declared[name], group).load()(config)
    except Exception as error:
        raise PluginError(f"{group}: {name} cannot be made with its configuration: {error}") from error


def forget() -> None:
    """Drop all cached plugins (for tests and for reloading)."""
    _declared.cache_clear()
    _instance.cache_clear()


@cache
def _declared(group: str) -> dict[str, str]:
    found = {point.name: point.value for point in _checkout(group)}
    for point in entry_points(group=group):
        if found.setdefault(point.name, point.value) != point.value:
            raise PluginError(f"{group}: two plugins are named {point.name}: {found[point.name]} and {point.value}")
    return found


def _checkout(group: str) -> list[EntryPoint]:
    try:
        project = tomllib.loads(_PYPROJECT.read_text("utf-8")).get("project", {})
    except (OSError, tomllib.TOMLDecodeError):
        return []
    if project.get("name") != "trustdesk":
        return []
    return [EntryPoint(name, value, group) for name, value in project.get("entry-points", {}).get(group, {}).items()]


@cache
def _instance(group: str, name: str, value: str) -> object:
    try:
        made = EntryPoint(name, value, group).load()
        return made() if isinstance(made, type) else made
    except Exception as error:
        raise PluginError(f"{group}: {name} ({value}) cannot be loaded: {error}") from error
