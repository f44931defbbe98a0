"""Send a complaint to a running desk by SMTP, as anybody's mail server would.

python examples/send.py "https://login-bancoazul.example/acceso imitates our bank"
"""

from __future__ import annotations

import os
import smtplib
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid


def main() -> int:
    """Exit 0 when the desk has taken the message, 75 when it cannot be reached."""
    text = " ".join(sys.argv[1:]) or "https://login-bancoazul.example/acceso imitates the sign-in of our bank."
    message = EmailMessage()
    message["From"] = "CSIRT Banco Azul <csirt@bancoazul.example>"
    message["To"] = "abuse@nube-norte.example"
    message["Subject"] = "Phishing on your network"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="bancoazul.example")
    message.set_content(
        f"Hello,\n\nwe found a phishing page that imitates our bank:\n\n{text}\n\nPlease take it down.\n"
    )
    port = int(os.environ.get("TRUSTDESK_SMTP_PORT", "8025"))
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            server.send_message(message)
    except OSError as error:
        print(f"no desk answers on port {port}: {error}. Start one with `make run`.", file=sys.stderr)
        return 75
    print("accepted: it is in the queue in a moment")
    return 0


if __name__ == "__main__":
    sys.exit(main())
