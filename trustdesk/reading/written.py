# ruff: noqa: E501  (a pattern reads best in one line)
"""How people write a URL that is not to be clicked, and what running text does to one: defanged, broken, followed by marks."""

from __future__ import annotations

import re

_DEFANGED = re.compile(r"\[|\(|\{|\\|h[x*_:%t][x*_:%t]p|meow|fxp|[．。｡：／]", re.IGNORECASE)
_REFANG_DOT = re.compile(r" ?[\[({] ?(?:\.|dot|punkt|punto) ?[\])}] ?|\[\.|\.\]|\\\.|[．。｡]", re.IGNORECASE)
_REFANG_COLON = re.compile(r"\[:(?://)?\]|\(:\)|：")
REFANG_SLASH = re.compile(r"\[//?\]|\(//\)|／")
IPV4 = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::(\d{1,5})(?!\d))?(?:/(\d{1,2})(?![\w./]))?")
_TRAILING = ".,;:!?'*_~\u2019\u201d\u2026\u3002-="
_PAIRS = {")": "(", "]": "[", "}": "{"}
_SPLIT = re.compile(
    r"(?i)[,;'\")\]]+(?=h(?:tt|xx)ps?:)|(?<=[\w/])(?=h(?:tt|xx)ps?://(?:www\.)?[\w.-]{1,80}/)(?<![=/?&%])|['\"][,)\]};]|\\[nrt](?=[A-Z\\ ]|$)|&(?:quot|lt|gt|nbsp);|\]\(|\](?=http)|</?[a-z]"
)


def refang(raw: str) -> str:
    """`raw` with its defanging undone: `hxxp[:]//evil[.]test` → `http://evil.test`."""
    if not _DEFANGED.search(raw):
        return raw
    return REFANG_SLASH.sub("/", _REFANG_COLON.sub(":", _REFANG_DOT.sub(".", raw)))


def trim(raw: str) -> str:
    """`raw` without what follows a URL in running text: punctuation, an unpaired bracket, markup."""
    cut = _SPLIT.search(raw, 8)
    if cut:
        raw = raw[: cut.start()]
    end = len(raw)
    counts = {c: raw.count(c) for c in "()[]{}"} if end and raw[-1] in ".,;:!?'*_~)]}([{\u2019\u201d\u2026-=" else {}
    while end:
        last = raw[end - 1]
        if last in "-_=" and end > 1 and raw[end - 2] not in _TRAILING:
            break
        if last in _PAIRS:
            if counts[last] <= counts[_PAIRS[last]] or raw.endswith(("[.]", "(.)"), 0, end):
                break
        elif last not in _TRAILING and last not in "([{":
            break
        if last in counts:
            counts[last] -= 1
        end -= 1
    return raw[:end]


_WRAPPED = re.compile(r"[ \t]{0,3}=?\n[> \t]{0,6}")
_CONTINUED = re.compile(r"[^\s<>\"'`|]{1,500}")


def unwrap(text: str, start: int, stop: int) -> tuple[str, int] | None:
    """(URL, end) if the URL that ends at `stop` goes on in the next lines: inside <…> (RFC 3986, appendix C), or where
    a line as long as mail programs break them ends in the middle of one. None if it does not."""
    if text[stop : stop + 1] in ("", ">", ")"):
        return None
    spaced = _spaced(text, start, stop)
    if spaced:
        return spaced
    bracketed = start > 0 and text[start - 1] == "<"
    if bracketed:
        close = text.find(">", stop, stop + 700)
        inner = text[stop:close] if close > 0 else ""
        if (
            close > 0
            and inner.strip()
            and "\n\n" not in inner
            and "<" not in inner
            and " " not in inner.strip().replace("\n ", "\n")
        ):
            return text[start:stop] + "".join(inner.split()).replace(">", ""), close
    url = text[start:stop]
    line_start = text.rfind("\n", max(start - 400, 0), start) + 1
    lines = 0
    while lines < 6:
        gap = _WRAPPED.match(text, stop)
        if not gap or stop - line_start < 60:
            break
        more = _CONTINUED.match(text, gap.end())
        if not more:
            break
        piece = more.group()
        after = text[more.end() : more.end() + 40].split("\n")[0].strip()
        broken = url[-1] in "%=&?/_-" or url[-2:-1] == "%" or piece[0] in "%&=?/_"
        coded = sum(c in "0123456789%=&_/-" for c in piece) * 4 > len(piece)
        if (
            piece[0] in "[("
            or "://" in piece[:12]
            or IPV4.match(piece)
            or after
            or not (broken or coded)
            or (piece[0] in "-*" and len(piece) < 4)
        ):
            break
        if piece[0] in "/" and not broken:
            break
        trimmed = trim(piece) if len(piece) > 8 else piece.rstrip(".,;:!?)")
        url += trimmed
        line_start = gap.end()
        stop = gap.end() + len(trimmed)
        lines += 1
        if len(trimmed) < len(piece):
            break
    return (url, stop) if lines else None


_SPACED = re.compile(
    r" ?(?:\[\.\]|\(\.\)) ?[A-Za-z0-9-][^\s<>\"]{0,2000}| \.[A-Za-z0-9-][^\s<>\"]{0,2000}| /[A-Za-z0-9][^\s<>\"]{0,2000}"
)


def _spaced(text: str, start: int, stop: int) -> tuple[str, int] | None:
    """(URL, end) of a URL broken by spaces so that nobody clicks it: `http://evil .test/` or `www [.] evil [.] test`."""
    url = text[start:stop]
    pieces = 0
    while pieces < 8:
        more = _SPACED.match(text, stop)
        if not more:
            break
        piece = more.group().strip()
        host_done = "/" in url[8:].lstrip("/")
        if piece[0] == "/" and (host_done or not pieces):
            break
        if piece[0] == "." and host_done:
            break
        url += refang(piece) if piece[0] in "[(" else piece
        stop = more.end()
        pieces += 1
    if not pieces:
        return None
    trimmed = trim(url)
    return trimmed, stop - (len(url) - len(trimmed))
