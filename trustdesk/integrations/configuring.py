"""Reads a plugin's table of the configuration, strictly: a misspelt key must not be a silent default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def checked(plugin: str, config: Mapping[str, object], **known: object) -> dict[str, Any]:
    """`config` completed by defaults. `known` gives each key's default, or its type when it is required.

    Raises ValueError naming the plugin and every unknown, missing or wrongly typed key. An int is taken for a float.
    """
    wrong = [f"unknown key {key!r}" for key in sorted(set(config) - set(known))]
    result: dict[str, Any] = {}
    for key, default in known.items():
        kind = default if isinstance(default, type) else type(default)
        if key not in config:
            if isinstance(default, type):
                wrong.append(f"{key!r} is missing")
            result[key] = default
            continue
        value = config[key]
        if kind is float and type(value) is int:
            value = float(value)
        if kind is tuple and isinstance(value, list):
            value = tuple(value)
        if kind is dict and isinstance(value, Mapping):
            value = dict(value)
        if type(value) is not kind:
            wrong.append(f"{key!r} must be {kind.__name__}, not {type(value).__name__}")
        result[key] = value
    if wrong:
        raise ValueError(f"{plugin}: " + "; ".join(wrong))
    return result
