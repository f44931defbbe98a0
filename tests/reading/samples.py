# ruff: noqa: E501  (sample messages)
"""Made-up messages for the reader's tests: reserved names and addresses only."""

from __future__ import annotations


def mail(
    body: str, *, subject: str = "Abuse report", sender: str = "Rita Reporter <rita@reporter.example>", extra: str = ""
) -> bytes:
    """A plain mail to the abuse desk."""
    head = (
        f"From: {sender}\r\nTo: abuse@provider.example\r\nSubject: {subject}\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <m1@reporter.example>\r\nMIME-Version: 1.0\r\n{extra}"
    )
    if "Content-Type" not in extra:
        head += "Content-Type: text/plain; charset=utf-8\r\n"
    return (head + "\r\n").encode() + body.replace("\n", "\r\n").encode()


ARF = b"""From: Feedback <fbl@mailbox.example>\r
To: abuse@provider.example\r
Subject: complaint\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
This is an email abuse report.\r
--b\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: abuse\r
User-Agent: Example/1.0\r
Version: 1\r
Source-IP: 192.0.2.9\r
Reported-Domain: shop.test\r
Reported-URI: http://shop.test/buy\r
Reported-URI: http://shop.test/more\r
Arrival-Date: Mon, 02 Nov 2026 08:00:00 +0000\r
Original-Rcpt-To: user@mailbox.example\r
\r
--b\r
Content-Type: message/rfc822\r
\r
From: seller@shop.test\r
Received: from shop.test (shop.test [192.0.2.9]) by mx.mailbox.example\r
Subject: buy now\r
\r
http://tracker.test/1\r
--b--\r
"""

DMCA = """Dear Sir or Madam,

I am writing on behalf of Example Films Ltd., the owner of the copyright in the film "A Sample".
The original work can be seen at https://films.example/a-sample

The infringing material is located at:
http://pirate.test/watch/1
http://pirate.test/watch/2

I have a good faith belief that use of the material in the manner complained of is not authorized by the
copyright owner, its agent, or the law.
The information in this notification is accurate and, under penalty of perjury, I am authorized to act on behalf of
the owner of an exclusive right that is allegedly infringed.

Electronic signature: Ada Agent
Address: 1 Example Street, Exampleton
Phone: +1 555 0100
"""

COUNTER = """I received your DMCA takedown notice and send this counter notice.
The material was at http://blog.test/post before it was removed.
I swear under penalty of perjury that I have a good faith belief that the material was removed as a result of mistake or misidentification.
I consent to the jurisdiction of the Federal District Court and I will accept service of process.
Name: Carl Customer
Address: 2 Example Street, Exampleton
Phone: +1 555 0101
Signed: Carl Customer
"""
