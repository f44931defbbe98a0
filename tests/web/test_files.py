"""Files that came in: never opened as themselves, looked at only when written down, rationed; seals."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from trustdesk import previewing
from trustdesk.core.types import Channel
from trustdesk.flow import receive
from trustdesk.models import Case, Entry, Look, Report
from trustdesk.queries import exposure

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def picture(size: tuple[int, int] = (1200, 800)) -> bytes:
    from PIL import Image, PngImagePlugin

    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "secret place")
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG whose head promises 50,000 × 50,000 pixels."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.fixture
def mailed(db: None, site: Any, drain: Any, now: Any) -> Report:
    """A report by mail with HTML, a picture, a page that says that it is a picture, and a drawing that is a program."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@mail.example", "abuse@nube-norte.example", "Phishing"
    mail["Message-ID"] = "<files@mail.example>"
    mail.set_content("Phishing at https://login-bancoazul.example/acceso\n")
    html = "<p>See https://evil.example/<script>alert(1)</script><img src=https://evil.example/x.png>\u202eok</p>"
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(picture(), maintype="image", subtype="png", filename="shot\u202egnp.exe")
    mail.add_attachment(b"<html><script>1</script>", maintype="image", subtype="jpeg", filename="b.jpg")
    mail.add_attachment(b"<svg xmlns='x' onload='1'/>", maintype="image", subtype="svg+xml", filename="c.svg")
    receive.receive(receive.Incoming(mail.as_bytes(), Channel.MAIL), now=now)
    drain()
    return Report.objects.get()


def looks() -> list[str]:
    return list(Entry.objects.filter(kind="evidence.viewed").values_list("actor", flat=True))


def test_a_file_is_shown_only_after_the_look_is_written_down(
    browser: Any, ana: Any, diego: Any, mailed: Report
) -> None:
    client, where = browser(ana), f"/desk/incoming/{mailed.code}/files"
    page = client.get(where)
    text = page.content.decode()
    assert "says image/jpeg" in text and "text/html" in text and "\u202e" not in text
    slots = {file.name[:1]: file.slot for file in page.context["files"]}
    blurred = client.get(f"{where}/{slots['s']}/blurred.png")
    assert blurred.content.startswith(b"\x89PNG") and looks() == []
    assert client.get(f"{where}/{slots['b']}/blurred.png").status_code == 404
    assert client.get(f"{where}/{slots['c']}/blurred.png").status_code == 404, "an SVG is a program"
    answer = client.post(f"{where}/{slots['s']}/look", {"how": "preview"})
    look = Look.objects.get()
    assert answer.headers["Location"].startswith(f"{where}?look={look.pk}")
    assert looks() == [f"person:{ana.pk}"]
    clear = client.get(f"/desk/look/{look.pk}/preview.png")
    assert clear.headers["Content-Type"] == "image/png" and clear.content != picture()
    assert b"secret place" not in clear.content and len(clear.content) > len(blurred.content)
    assert browser(diego).get(f"/desk/look/{look.pk}/preview.png").status_code == 404, "another person's look"
    assert f"look/{look.pk}/preview.png" in client.get(answer.headers["Location"]).content.decode()
    assert ana.get_full_name() in browser(diego).get(where).content.decode(), "who looked"


def test_a_look_ends(browser: Any, ana: Any, mailed: Report, frozen: Any, now: Any) -> None:
    client = browser(ana)
    client.post(f"/desk/incoming/{mailed.code}/files/2/look", {"how": "preview"})
    frozen(now + exposure.SHOWN_FOR + timedelta(seconds=1))
    assert client.get(f"/desk/look/{Look.objects.get().pk}/preview.png").status_code == 404


def test_html_is_cleaned_and_framed_in_a_sandbox(browser: Any, ana: Any, mailed: Report) -> None:
    client = browser(ana)
    answer = client.post(f"/desk/incoming/{mailed.code}/files/0/look", {"how": "html"})
    page = client.get(answer.headers["Location"])
    assert 'sandbox=""' in page.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = client.get(f"/desk/look/{Look.objects.get().pk}/frame")
    assert frame.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    text = frame.content.decode()
    assert "hxxps://evil[.]example/" in text
    assert not any(bad in text for bad in ("<script", "<img", "\u202e", "https://"))


def test_what_harms_is_counted_limited_and_paused(
    browser: Any, ana: Any, diego: Any, mailed: Report, settings: Any
) -> None:
    import dataclasses

    Case.objects.update(category="ncii")
    settings.DESK = dataclasses.replace(settings.DESK, exposure_per_day=2)
    client, where = browser(ana), f"/desk/incoming/{mailed.code}/files"
    for _ in range(3):
        client.post(f"{where}/2/look", {"how": "preview"})
    assert Look.objects.filter(graphic=True).count() == 2
    assert "2 is the limit" in client.get(where).content.decode()
    mine = client.get("/desk/exposure").content.decode()
    assert "of 2" in mine
    other = browser(diego)
    other.post("/desk/exposure", {"do": "pause"})
    other.post(f"{where}/2/look", {"how": "preview"})
    assert not Look.objects.filter(person=diego).exists()
    assert "You paused" in other.get("/desk/exposure").content.decode()
    other.post("/desk/exposure", {"do": "resume"})
    other.post(f"{where}/2/look", {"how": "preview"})
    assert Look.objects.filter(person=diego).count() == 1


def test_files_about_children_are_previewed_for_few(browser: Any, everybody: Any, mailed: Report) -> None:
    Report.objects.update(category="child_safety")
    Case.objects.update(category="child_safety")
    where = f"/desk/incoming/{mailed.code}/files"
    for role, person in everybody.items():
        client = browser(person)
        seen = client.get(where).status_code
        blurred = client.get(f"{where}/2/blurred.png").status_code
        asked = client.post(f"{where}/2/look", {"how": "preview"}).status_code
        if role in ("senior", "counsel"):
            assert (seen, blurred, asked) == (200, 200, 302), role
        elif role == "admin":
            assert (seen, blurred, asked) == (200, 404, 403)
        else:
            assert {seen, blurred, asked} <= {403, 404}, role


def test_a_sealed_case_is_gone_for_the_others_and_each_look_at_it_is_written_down(
    browser: Any, ana: Any, diego: Any, opened: Case
) -> None:
    few, others = browser(diego), browser(ana)
    assert others.post(f"/desk/case/{opened.code}/seal", {"why": "x"}).status_code == 403
    assert few.post(f"/desk/case/{opened.code}/seal", {"why": ""}).status_code == 302
    assert others.get(f"/desk/case/{opened.code}").status_code == 200
    few.post(f"/desk/case/{opened.code}/seal", {"why": "somebody here knows the customer"})
    report = Report.objects.get()
    for address in (f"/desk/case/{opened.code}", f"/desk/incoming/{report.code}"):
        assert others.get(address).status_code == 404, address
    for address in (
        "/desk/",
        "/desk/search?q=login-bancoazul.example",
        "/desk/ledger",
        "/desk/incoming",
        "/desk/outbox",
    ):
        assert opened.code not in others.get(address).content.decode(), address
    before = Entry.objects.filter(kind="case.viewed").count()
    few.get(f"/desk/case/{opened.code}")
    few.get(f"/desk/incoming/{report.code}")
    seen = Entry.objects.filter(kind="case.viewed")
    assert seen.count() == before + 2 and set(seen.values_list("actor", flat=True)) == {f"person:{diego.pk}"}
    few.post(f"/desk/case/{opened.code}/seal", {"do": "unseal"})
    assert others.get(f"/desk/case/{opened.code}").status_code == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb(), "too_large"),
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 100, "broken"),
        (b"GIF89a" + b"\xff" * 500, "broken"),
        (b"%PDF-1.7\n" + b"1 0 obj <<>> endobj\n" * 10, "broken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "no_picture"),
        (b"MZ\x90\0", "no_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * previewing.FILE_BYTES, "too_large"),
    ],
    ids=["bomb", "png", "gif", "pdf", "svg", "program", "size"],
)
def test_hostile_pictures_end_in_the_child(data: bytes, code: str) -> None:
    with pytest.raises(previewing.NoPreview) as refused:
        previewing.make(data, blurred=False)
    assert refused.value.code == code


def test_the_child_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "SECONDS", 0.001)
    with pytest.raises(previewing.NoPreview) as refused:
        previewing.make(picture((20, 20)), blurred=True)
    assert refused.value.code == "too_long"
