"""Text of RTF as mail programs wrap it: compressed (MS-OXRTFCP), with the HTML it was made of inside (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct

_MOST = 1_000_000
_BEGIN = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_SIZE = 4096
#: One piece of RTF: a byte in hexadecimal, a control word, a control sign, a brace, or plain text. Each begins otherwise.
_PIECE = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?[0-9]{1,9})? ?|\\([^a-zA-Z])|([{}])|([^\\{}]+)", re.DOTALL
)
_SKIPPED = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "datastore"})
_SIGNS = {"par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n", "lquote": "'", "rquote": "'",
          "ldblquote": '"', "rdblquote": '"', "endash": "-", "emdash": "-", "bullet": "*"}  # fmt: skip


def unpacked(data: bytes) -> bytes:
    """The RTF in `data` (16 bytes of header and what follows), a megabyte at most; b"" if it is none. Linear."""
    if len(data) < 16:
        return b""
    size, raw_size, magic = struct.unpack_from("<II4s", data)
    body = data[16 : size + 4]
    if magic == b"MELA":
        return body[: min(raw_size, _MOST)]
    if magic != b"LZFu":
        return b""
    ring = bytearray(_BEGIN.ljust(_SIZE, b"\0"))
    write, out, at = len(_BEGIN), bytearray(), 0
    while at < len(body) and len(out) < _MOST:
        control = body[at]
        at += 1
        for bit in range(8):
            if at >= len(body):
                break
            if not control >> bit & 1:
                piece = body[at : at + 1]
                at += 1
            else:
                if at + 2 > len(body):
                    return bytes(out)
                token = body[at] << 8 | body[at + 1]
                at += 2
                read, length = token >> 4, (token & 15) + 2
                if read == write:
                    return bytes(out)
                copied = bytearray()
                for n in range(length):  # it may reach into what it is writing
                    byte = ring[(read + n) % _SIZE]
                    ring[(write + n) % _SIZE] = byte
                    copied.append(byte)
                out += copied
                write = (write + length) % _SIZE
                continue
            ring[write] = piece[0]
            write = (write + 1) % _SIZE
            out += piece
    return bytes(out)


def text_of(rtf: bytes) -> tuple[str, bool]:
    """(text, whether it is HTML) of an RTF document. Linear; never raises."""
    source = rtf[:_MOST].decode("latin-1")
    html = "\\fromhtml" in source[:2000]
    out: list[str] = []
    # (skipped, in a tag of the HTML, a copy for programs that know no HTML, characters that stand in for \\u)
    state = (False, False, False, 1)
    stack: list[tuple[bool, bool, bool, int]] = []
    starred = False
    pending = 0
    for found in _PIECE.finditer(source):
        byte, word, number, sign, brace, plain = (piece or "" for piece in found.groups())
        skipped, tag, copy, stand_in = state
        quiet = skipped or (html and copy and not tag)
        if brace == "{":
            if len(stack) < 1_000:
                stack.append(state)
        elif brace == "}":
            state = stack.pop() if stack else state
        elif word:
            if starred or word in _SKIPPED:
                tag = html and word == "htmltag"
                state = (not tag, tag, copy, stand_in)
            elif word == "htmlrtf":
                state = (skipped, tag, number != "0", stand_in)
            elif word == "uc":
                state = (skipped, tag, copy, int(number or 1))
            elif word == "u" and not quiet:
                out.append(
                    chr(int(number or 0) % 65536) if not 0xD800 <= int(number or 0) % 65536 < 0xE000 else "\ufffd"
                )
                pending = min(stand_in, 10)
            elif not quiet and word in _SIGNS:
                out.append(_SIGNS[word])
            starred = False
            continue
        elif sign:
            starred = sign == "*"
            if sign in "\\{}~" and not quiet:
                out.append(" " if sign == "~" else sign)
            continue
        elif not quiet:
            text = (
                bytes([int(byte, 16)]).decode("cp1252", "replace")
                if byte
                else plain.replace("\r", "").replace("\n", "")
            )
            out.append(text[pending:])
            pending = max(0, pending - len(text))
        starred = False
    return "".join(out), html
