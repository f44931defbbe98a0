"""Makes a picture of a picture: hostile files are opened in a child process with limits, and only fresh pixels come back.

`make` starts this very file as a program of its own. It reads the file on standard input, draws at most `EDGE` pixels
a side and writes a PNG without any metadata. Whatever goes wrong there, a bomb, a crash or a loop, ends that process alone.
"""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

#: Larger files are not opened at all; larger pictures are refused before a pixel is decoded.
FILE_BYTES, PIXELS, EDGE = 24 * 1024 * 1024, 60_000_000, 960
SECONDS, CPU_SECONDS, MEMORY = 12, 6, 768 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
#: First bytes → what the file is; what a sender says it is counts for nothing.
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"), (b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-msdownload"), (b"\x7fELF", "application/x-elf"), (b"\x1f\x8b", "application/gzip"),
    (b"\x1aE\xdf\xa3", "video/webm"), (b"OggS", "audio/ogg"), (b"ID3", "audio/mpeg"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z"),
    (b"Rar!", "application/x-rar"), (b"\xd0\xcf\x11\xe0", "application/x-ole"), (b"{\\rtf", "application/rtf"),
)  # fmt: skip


class NoPreview(Exception):
    """This file cannot be drawn; `code` says why: too_large, no_picture, too_long or broken."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def kind_of(data: bytes) -> str:
    """The media type that the first bytes show, "text/plain" for text, "application/octet-stream" for the rest."""
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}[data[8:12]]
    if data[4:8] == b"ftyp":
        return "image/heic" if data[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video/mp4"
    for start, kind in SIGNATURES:
        if data.startswith(start):
            return kind
    head = data[:2048]
    low = head.lstrip().lower()
    if low.startswith((b"<svg", b"<?xml")) and b"<svg" in low:
        return "image/svg+xml"
    if low.startswith((b"<!doctype html", b"<html", b"<script", b"<head", b"<body")):
        return "text/html"
    return "text/plain" if head and b"\0" not in head else "application/octet-stream"


def drawable(kind: str) -> bool:
    """Whether `make` can draw files of this kind. SVG is a program and is never drawn."""
    return kind == "application/pdf" or kind in {f"image/{name.lower()}" for name in FORMATS}


def make(data: bytes, *, blurred: bool) -> bytes:
    """A PNG of `data`, a picture or the first page of a PDF; `blurred` gives it grey and without detail. Raises NoPreview."""
    if len(data) > FILE_BYTES:
        raise NoPreview("too_large")
    if not drawable(kind_of(data)):
        raise NoPreview("no_picture")
    command = [sys.executable, "-I", str(Path(__file__)), "blurred" if blurred else "clear"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, env={}, cwd="/")
    except subprocess.TimeoutExpired as error:
        raise NoPreview("too_long") from error
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        said = done.stderr.decode("ascii", "replace").strip()
        raise NoPreview(said if said in ("too_large", "no_picture") else "broken")
    return done.stdout


def _limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is not kept or counts what is merely mapped
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _draw(data: bytes, blurred: bool) -> bytes:
    from PIL import Image, ImageFilter, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS
    if data.startswith(b"%PDF-"):
        import pypdfium2

        page = pypdfium2.PdfDocument(data)[0]
        width, height = page.get_size()
        if max(width, height) > 20_000 or min(width, height) <= 0:
            raise ValueError("too_large")
        picture = page.render(scale=min(2.0, EDGE / max(width, height))).to_pil()
    else:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > PIXELS:
            raise ValueError("too_large")
        picture.draft("RGB", (EDGE, EDGE))
        picture = ImageOps.exif_transpose(picture) or picture
    picture = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    picture.thumbnail((EDGE // 3, EDGE // 3) if blurred else (EDGE, EDGE))
    if blurred:
        picture = picture.convert("RGB").convert("L").filter(ImageFilter.GaussianBlur(max(picture.size) / 18))
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)  # pixels alone: no profile, comment or position comes along
    out = BytesIO()
    clean.save(out, "PNG")
    return out.getvalue()


def main() -> int:
    """The child."""
    data = sys.stdin.buffer.read(FILE_BYTES + 1)
    _limits()
    try:
        png = _draw(data, sys.argv[1] == "blurred")
    except ValueError as error:
        sys.stderr.write("too_large" if str(error) == "too_large" else "broken")
        return 1
    except Exception as error:  # whatever a hostile file does to the library
        sys.stderr.write("too_large" if type(error).__name__ == "DecompressionBombError" else "broken")
        return 1
    sys.stdout.buffer.write(png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
