"""Campaigns: what several cases have in common that is more than chance: a file, or the way to a page on other hosts.

A kit that is unpacked on one host after the other leaves the same path behind; who attacks many sends the same file. Nothing is
guessed from words: two cases share a sign or they do not. A path that half the web has (`/index.php`) is no sign.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

#: A path is a sign if its own words (no numbers, no keys) have together so many letters, in at least two parts.
LETTERS, PARTS = 12, 2
#: Parts that every second site has.
COMMON = frozenset({
    "index.php", "index.html", "index.htm", "home.html", "default.aspx", "wp-admin", "wp-content", "wp-includes",
    "wp-login.php", "uploads", "plugins", "themes", "images", "image", "assets", "static", "media", "files", "download",
    "downloads", "public", "css", "js", "img", "login", "signin", "admin", "user", "users", "account", "accounts",
    "cgi-bin", "category", "tag", "page", "pages", "post", "posts", "blog", "news", "product", "products", "article",
    "articles", "watch", "video", "videos",
})  # fmt: skip
#: So many signs of one case are kept.
MOST = 50


@dataclass(frozen=True, slots=True, order=True)
class Sign:
    """What may link cases: `kind` is path or file, `shown` what it is, in the words of the report."""

    kind: str
    shown: str

    @property
    def key(self) -> str:
        """Names the sign without saying it: 32 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(f"{self.kind}\n{self.shown}".encode("utf-8", "replace")).hexdigest()[:32]


def signs(targets: Iterable[tuple[str, str]]) -> tuple[Sign, ...]:
    """The signs among targets, given as (kind of indicator, value); each once, in their order, at most `MOST`."""
    found: dict[Sign, None] = {}
    for kind, value in targets:
        if kind == "hash" and value:
            found[Sign("file", value.strip().lower()[:200])] = None
        elif kind == "url" and (path := _path(value)):
            found[Sign("path", path)] = None
        if len(found) >= MOST:
            break
    return tuple(found)


def _path(url: str) -> str:
    """The path of a URL with what changes from victim to victim taken out (`*`); "" when too many pages share it."""
    try:
        path = urlsplit(url).path[:1000]
    except ValueError:
        return ""
    parts = ["*" if _key(part) else part.lower() for part in path.split("/") if part]
    own = [part for part in parts if part != "*" and part not in COMMON]
    letters = sum(character.isalpha() for part in own for character in part)
    return "/" + "/".join(parts)[:280] if len(own) >= PARTS and letters >= LETTERS else ""


def _key(part: str) -> bool:
    """A number or a key: made for one visitor, one day or one upload."""
    stem = part.rpartition(".")[0] or part
    digits = sum(character.isdigit() for character in stem)
    return digits * 2 >= len(stem) or (len(stem) >= 16 and digits >= 4)
