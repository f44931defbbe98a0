"""The rules that a harmonised transparency report is held against (`rules.toml`), and what is said of a broken one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A `doubtful` one names what is odd but lawful: it does not make a report wrong."""

    code: str
    title: str
    source: str
    remedy: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One broken rule. `row` counts the heading as 1, as a spreadsheet does; 0 and "" where there is none."""

    rule: str
    file: str
    part: int
    row: int
    column: str
    message: str

    @property
    def doubtful(self) -> bool:
        """Whether it is odd rather than wrong."""
        return RULES[self.rule].doubtful


def _load() -> Mapping[str, Rule]:
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return MappingProxyType({code: Rule(code, **row) for code, row in tomllib.loads(text).items()})


RULES: Mapping[str, Rule] = _load()
