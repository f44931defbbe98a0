"""Notices under 17 USC 512 as people write them, whole and with parts left out."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from trustdesk.core.types import Channel
from trustdesk.flow import receive

PARTS = {
    "work": 'I am the copyright owner of the original work "Night Trains", a photograph shown at https://lena.example/night.',
    "material": "The infringing material is located at:\n\n  {url}\n\nPlease remove it.",
    "contact": "You can reach me at lena@photos.example, telephone +1 212 555 0100, address: 1 Main St, New York, NY 10001.",
    "goodfaith": "I have a good faith belief that the use is not authorized by the copyright owner, its agent, or the law.",
    "accuracy-perjury": "The information in this notification is accurate and, under penalty of perjury, I am the owner.",
    "signature": "Electronic signature: /s/ Lena Okoye",
}


def dmca(
    url: str, *, now: datetime, without: tuple[str, ...] = (), sender: str = "lena@photos.example", number: int = 1
) -> receive.Receipt:
    """A notice arrives by mail; `without` names the elements that it lacks."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Lena Okoye <{sender}>", "abuse@nube-norte.example"
    mail["Subject"] = "DMCA takedown notice"
    mail["Message-ID"] = f"<{number}.{now:%Y%m%d%H%M%S}@photos.example>"
    mail["Date"] = now
    body = [text.format(url=url) for name, text in PARTS.items() if name not in without]
    mail.set_content("DMCA notice of copyright infringement (17 U.S.C. 512(c))\n\n" + "\n\n".join(body) + "\n")
    return receive.receive(receive.Incoming(bytes(mail), Channel.MAIL, envelope_from=sender), now=now)
