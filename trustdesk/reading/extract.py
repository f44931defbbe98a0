# ruff: noqa: E501  (a pattern reads best in one line)
"""Find every URL, domain, address, mail address and hash in a text, with offsets, through the ways they are defanged.

All patterns run on google-re2 over the UTF-8 bytes: hostile text cannot make them backtrack, and one call never scans
far beyond what it returns. What looks like an indicator and is not one (a version number, a file name) is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote

from trustdesk.reading import canonical
from trustdesk.reading.patterns import linear, spans
from trustdesk.reading.written import IPV4, REFANG_SLASH, refang, trim, unwrap

_DOT = (
    r"(?:\.| ?\[\.\] ?|\[\.|\.\]|\(\.\)|\{\.\}|\\\.| ?[\[({] ?(?:dot|punkt|punto) ?[\])}] ?|\x{FF0E}|\x{3002}|\x{FF61})"
)
_AT = r"(?:@|\x{FF20}|[\[({] ?(?:at|@) ?[\])}] ?)"
_COLON = r"(?:\[?:\]?|\(:\)|\x{FF1A})"
_SLASHES = r"(?:\[?//\]?|/|\[/\]\[?/\]?|\(//\)|\\\\|\x{FF0F}\x{FF0F})"
_SCHEME = r"(?:h(?:[tx]{2,4}|\*\*|__|::|%%)p(?:s|\[s\]|\(s\))?|fxps?|ftps?|meows?|rtmps?|rtsp|udp|tcp|magnet)"
_LABEL = r"[a-z0-9_\p{L}\p{N}\p{M}-]+"
_STOP = r"\s\x{00A0}\x{2000}-\x{200B}\x{2028}\x{2029}\x{202F}\x{FEFF}<>\"`|\x{3000}\x{201C}\x{201D}\x{00AB}\x{00BB}\x{2018}\x{300C}\x{300D}\x{FF08}\x{FF09}\x{3001}\x{FF0C}"
_HOSTPATH = rf"(?:{_LABEL}{_DOT})+{_LABEL}(?:\[?:\]?[0-9]+)?(?:\[?/\]?[^{_STOP}]*|\?[^{_STOP}]+)?"

_SCHEME_MARK = rf"{_SCHEME}[ ]?(?:\[{_COLON}//\]|{_COLON}[ ]?{_SLASHES})"
#: URL with scheme; the domain of a mail address (its local part is looked for backwards); name or IPv4; IPv6. Without
#: groups, which would make the search several times slower: which of the four it is shows in how it begins.
_MAIN = linear(
    rf"{_SCHEME_MARK}[^{_STOP}]+",
    rf"{_AT}(?:{_LABEL}{_DOT})+[a-z\x{{80}}-\x{{10FFFF}}][a-z0-9\x{{80}}-\x{{10FFFF}}-]+",
    _HOSTPATH,
    # eight groups, or fewer around a double colon; a time of day is neither
    r"(?:(?:[0-9a-f]{1,4}:){5,8}|(?:[0-9a-f]{1,4}:){1,7}:|::[0-9a-f])[0-9a-f:.]*(?:/[0-9]{1,3})?",
)
_IS_URL = re.compile(re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", _SCHEME_MARK), re.IGNORECASE)
_IS_AT = re.compile(r"[@\uff20]|[\[({] ?(?:at|@) ?[\])}] ?", re.IGNORECASE)
_IS_IPV6 = re.compile(r"[0-9a-fA-F]{0,4}:")
_SCHEME_LETTERS = frozenset("hfmrutHFMRUT")
_AT_SIGNS = frozenset("@\uff20[({")
_HASH = linear(r"\b(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b")
_ASN = re.compile(r"\bAS ?(?:N ?)?([1-9][0-9]{2,9})\b")

_SCHEME_START = re.compile(
    r"(?i)^(h(?:[tx]{2,4}|\*\*|__|::|%%)p(s|\[s\]|\(s\))?|fxps?|meows?|[a-z]{3,6}) ?((?:\[?:(?://)?\]?|\(:\)|：)) ?(?:\[?/+\]?\[?/?\]?|\(//\)|\\\\|／／)?"
)
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{}~-]{1,64}$")
_PREFIX = re.compile(r"/(\d{1,2})(?:AS\d|\W|$)")
_WORD = re.compile(r"[^\s<>\"`|]{1,8192}")
_AGAIN = re.compile(r"(?i)h(?:tt|xx)ps?:")
#: Endings that name files far more often than domains; a bare name with one needs more than its looks.
_FILE_ENDINGS = frozenset(
    [
        "sh",
        "py",
        "pl",
        "md",
        "zip",
        "so",
        "ps",
        "rs",
        "mov",
        "cab",
        "pub",
        "mm",
        "do",
        "cpa",
        "java",
        "swf",
        "inc",
        "log",
        "doc",
    ]
)


@dataclass(frozen=True, slots=True)
class Found:
    """One indicator as it stands in a text: `raw` is text[start:end), `value` canonical, `host` what it points at."""

    kind: str  # url | domain | ip | cidr | email | hash | asn
    value: str
    raw: str
    start: int
    end: int
    host: str = ""
    bare: bool = False  # a name without scheme and path, or a URL without scheme
    defanged: bool = False
    port: str = ""
    hint: float = 0.0  # what the column of a table says about the role; 0 where nothing does


#: A URL longer than this is cut; browsers and servers refuse far shorter ones.
_URL_CHARS = 8192
#: Candidates looked at in one text, for each indicator allowed; a text full of near misses must end too.
_CANDIDATES = 6


def extract(text: str, *, limit: int = 20_000) -> list[Found]:
    """Every indicator in `text` in the order of its appearance, at most `limit`. Linear; never raises."""
    found: list[Found] = []
    taken = 0
    budget = limit * _CANDIDATES
    for start, end in spans(_MAIN, text):
        budget -= 1
        if len(found) >= limit or budget <= 0:
            break
        if start < taken:
            continue
        first = text[start]
        if first in _SCHEME_LETTERS and _IS_URL.match(text, start, end):
            items: Iterator[Found] | tuple[Found, ...] = _urls(text, start, end)
        elif first in _AT_SIGNS and (sign := _IS_AT.match(text, start, end)):
            items = _email(text, start, sign.end(), end)
        elif _IS_IPV6.match(text, start, end):
            items = _ipv6(text, start, end)
        else:
            items = _dotted(text, start, end)
        for item in items:
            if item.kind == "email":
                while found and found[-1].start >= item.start:
                    found.pop()  # the local part looked like a domain
            if item.start >= taken or item.kind == "email":
                found.append(item)
                taken = max(taken, item.end)
    if len(text) < _SHORTEST_HASH:
        return found
    hashes = [Found("hash", raw.lower(), raw, s, e) for raw, s, e in _hashes(text, limit) if not raw.isdigit()]
    if hashes:
        inside = _outside(hashes[: max(limit - len(found), 0)], [(f.start, f.end) for f in found])
        found = sorted([*found, *inside], key=lambda f: f.start)
    return found


#: Digits of an MD5 hash.
_SHORTEST_HASH = 32


def asns(text: str) -> list[Found]:
    """Autonomous system numbers (`AS64496`) in `text`, at most 100."""
    return [
        Found("asn", m.group(1), m.group(0), *m.span()) for m, _ in zip(_ASN.finditer(text), range(100), strict=False)
    ]


def _hashes(text: str, limit: int) -> Iterator[tuple[str, int, int]]:
    for start, end in islice(spans(_HASH, text), limit):
        yield text[start:end], start, end


def _outside(items: list[Found], ranges: list[tuple[int, int]]) -> Iterator[Found]:
    at = 0
    for item in items:
        while at < len(ranges) and ranges[at][1] <= item.start:
            at += 1
        if at >= len(ranges) or ranges[at][0] >= item.end:
            yield item


def _urls(text: str, start: int, end: int) -> Iterator[Found]:
    if start and text[start - 1].isalnum() and text[start] not in "hH":
        return
    while start < end:
        raw = trim(text[start : min(end, start + _URL_CHARS)])
        stop = start + len(raw)
        wrapped = _unshielded(text, start, end) if "urldefense" in raw or "safelinks" in raw else None
        if wrapped is not None:
            yield wrapped
            return
        joined = unwrap(text, start, stop) if end - stop <= 2 else None
        known = _url(joined[0]) if joined else _url(raw)
        if known is not None:
            if joined:
                stop = joined[1]
            yield Found("url", known[0], text[start:stop], start, stop, known[1], False, known[2])
        again = _AGAIN.search(text, start + max(len(raw), 8), end)
        if not again:
            return
        start = again.start()


#: Links that a mail service puts its own in front of: `https://urldefense.com/v3/__https://evil.test/__;!!x$`
_SHIELDS = re.compile(
    r"(?i)https?://urldefense(?:\.proofpoint)?\.com/v3/__(?P<plain>.{4,4000}?)__;[^\s<>\"]*"
    r"|https?://urldefense(?:\.proofpoint)?\.com/v[12]/url\?u=(?P<dashed>[^&\s<>\"]{4,4000})[^\s<>\"]*"
    r"|https?://[\w.-]{1,80}\.safelinks\.protection\.outlook\.com/\S{0,40}?[?&]url=(?P<quoted>[^&\s<>\"]{4,4000})[^\s<>\"]*"
)


def _unshielded(text: str, start: int, end: int) -> Found | None:
    """What a link of a mail service's shield leads to; None if it cannot be told."""
    match = _SHIELDS.match(text, start, end)
    if match is None:
        return None
    inner = match.group("plain") or unquote(
        (match.group("dashed") or "").replace("-", "%").replace("_", "/") or match.group("quoted")
    )
    known = _url(inner if "://" in inner else inner.replace(":/", "://", 1))
    return Found("url", known[0], match.group(), start, match.end(), known[1], False, known[2]) if known else None


@lru_cache(maxsize=4096)
def _url(raw: str) -> tuple[str, str, bool] | None:
    """(canonical URL, host, was defanged) of a URL as written."""
    scheme = _SCHEME_START.match(raw) if len(raw) >= 8 else None
    if not scheme:
        return None
    word = scheme.group(1).lower()
    name = ("https" if word.rstrip(")]").endswith("s") else "http") if word[0] in "hm" else word.replace("fxp", "ftp")
    host, slash, tail = REFANG_SLASH.sub("/", raw[scheme.end() :]).partition("/")
    defanged = "tt" not in word and word[0] in "hmf" and word[:3] != "ftp" or "[" in host or "[" in scheme.group(3)
    if "[.]" in tail or "[/]" in tail:
        tail = refang(tail)
    known = canonical.url(f"{name}://{refang(host)}{slash}{tail}")
    if known is None or not _plausible_host(known[1]):
        return None
    return known[0], known[1], defanged


def _plausible_host(host: str) -> bool:
    return ("." in host and canonical.is_top_level(host.rpartition(".")[2].lower())) or canonical.is_ip(host)


def _email(text: str, at: int, start: int, end: int) -> Iterator[Found]:
    """`at` is where the separator begins, `start` where the domain does; the local part is looked for backwards."""
    local = _LOCAL.search(text[max(at - 64, 0) : at])
    name = canonical.domain(refang(text[start:end]).rstrip("."))
    if local is None or name is None:
        return
    begin = at - len(local.group())
    yield Found("email", f"{local.group().lower().lstrip('.=')}@{name}", text[begin:end], begin, end, name)


def _dotted(text: str, start: int, end: int) -> tuple[Found, ...]:
    token = text[start : min(end, start + _URL_CHARS)]
    if "://" in token or text.startswith("://", end):
        # `5.https://evil.test`: a number of a list, or a sentence, runs into a URL.
        again = _AGAIN.search(text, start, end + 1)
        if again:
            word = _WORD.match(text, again.start())
            return tuple(_urls(text, again.start(), max(end, word.end() if word else end)))
    known = _name_or_address(token)
    if known is None:
        return ()
    kind, value, host, lead, size, bare, defanged, port = known
    if kind == "ip" or kind == "cidr":
        # A number that continues to the left is a longer version number or a decimal.
        if start > 1 and text[start - 1] == "." and text[start - 2].isdigit():
            return ()
    elif port and text[start + lead + size : start + lead + size + 1] == "." and kind == "url" and bare:
        return _vhost(text, start + lead, token[lead : lead + size], port)
    elif start and text[start - 1] in "/\\%$#&=" and kind == "domain":
        return ()
    return (
        Found(kind, value, token[lead : lead + size], start + lead, start + lead + size, host, bare, defanged, port),
    )


def _vhost(text: str, start: int, raw: str, port: str) -> tuple[Found, ...]:
    """`name:192.0.2.1` in logs: a name, then an address, not a name with a port."""
    name = raw.rpartition(":")[0]
    at = start + len(name) + 1
    address = IPV4.match(text, at, at + 25)
    known = canonical.domain(name)
    out: list[Found] = []
    if known:
        out.append(Found("domain", known, name, start, start + len(name), known, True))
    if address and all(int(n) < 256 for n in address.groups()[:4]):
        value = ".".join(str(int(n)) for n in address.groups()[:4])
        out.append(Found("ip", value, address.group(), at, address.end(), value, True))
    return tuple(out)


@lru_cache(maxsize=8192)
def _name_or_address(token: str) -> tuple[str, str, str, int, int, bool, bool, str] | None:
    """(kind, value, host, characters to skip, length, bare, defanged, port) of a dotted token, or None."""
    raw = trim(token)
    plain = refang(raw)
    defanged = raw != plain
    address = IPV4.match(plain) if plain[:1].isdigit() else None
    if address and all(int(n) < 256 for n in address.groups()[:4]):
        rest = plain[address.end() :]
        value = ".".join(str(int(n)) for n in address.groups()[:4])
        if rest.startswith(".") and rest[1:2].isalnum():
            # A name that begins with an address (reverse DNS) is a name.
            pass
        elif rest[:1] == "/" and (net := _PREFIX.match(rest)) and int(net.group(1)) < 32:
            size = len(raw) - len(rest) + net.end(1)
            return "cidr", canonical.network(f"{value}/{net.group(1)}") or "", value, 0, size, True, defanged, ""
        elif rest[:1] == "/" and rest[1:2].isalnum() and not rest[1:].isdigit():
            known = canonical.url("http://" + plain)
            return ("url", known[0], known[1], 0, len(raw), True, defanged, "") if known else None
        elif rest[:1].isalnum() or rest[:1] in "-_" and rest[1:2].isalnum():
            if rest[:1] != "-":
                return None
            return "ip", value, value, 0, address.end() if not defanged else len(raw), True, defanged, ""
        elif address.group(6) and int(address.group(6)) < 32 and not address.group(5):
            block = canonical.network(f"{value}/{address.group(6)}") or ""
            return "cidr", block, value, 0, len(raw), True, defanged, ""
        else:
            return (
                "ip",
                value,
                value,
                0,
                len(raw) if defanged else address.end(),
                True,
                defanged,
                address.group(5) or "",
            )
    name, slash, path = plain.partition("/")
    name, question, query = name.partition("?")
    host, _, port = name.partition(":")
    lead = len(host) - len(host.lstrip("-_."))
    host = host.strip("-_.")
    known_name = canonical.domain(host)
    if known_name is None or _is_file_or_sentence(host, bool(slash or defanged)):
        return None
    if (slash and path) or (question and query) or port:
        known = canonical.url("http://" + plain[lead:])
        return ("url", known[0], known[1], lead, len(raw) - lead, True, defanged, port) if known else None
    return "domain", known_name, known_name, lead, len(raw.rstrip("/:?")) - lead, True, defanged, ""


def _is_file_or_sentence(host: str, certain: bool) -> bool:
    before, _, last = host.rpartition(".")
    if certain or host[:4].lower() == "www.":
        return False
    if last.lower() in _FILE_ENDINGS and "." not in before:
        return True
    # "ended.In the" is two sentences, not a domain of India; "AND.SE" would be upper case as a whole.
    if last[:1].isupper() and last[1:].islower() and before[-1:].islower():
        return True
    return before.isdigit() or len(before) == 1


def _ipv6(text: str, start: int, end: int) -> Iterator[Found]:
    if start and (text[start - 1].isalnum() or text[start - 1] in ":."):
        return
    if end - start > 50:
        return
    raw = text[start:end].rstrip(".")
    if not raw.endswith("::"):
        raw = raw.rstrip(":")
    value, slash, prefix = raw.partition("/")
    if value.count(":") < 2 or value in ("::", ":::", "::1"):
        return
    known = canonical.address(value)
    if known is None:
        return
    # Eight groups of two digits are a fingerprint or a hardware address, not an address of the internet.
    if "::" not in value and all(len(part) <= 2 for part in value.split(":")):
        return
    if slash and prefix and int(prefix) < 128:
        net = canonical.network(f"{known}/{prefix}")
        if net:
            yield Found("cidr", net, raw, start, start + len(raw), known)
        return
    yield Found("ip", known, value, start, start + len(value), known)
