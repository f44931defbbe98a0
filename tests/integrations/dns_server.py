"""A small authoritative name server on the loopback, for tests: real UDP, answers built with dnspython."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

#: (name, type) → records. A name that stands nowhere is NXDOMAIN; the values SILENT and BROKEN are behaviours.
Zone = dict[tuple[str, str], list[str]]
SILENT, BROKEN = ["silent"], ["broken"]


@contextmanager
def serving(zone: Zone) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Serve `zone`; gives the port and the list of questions asked so far."""
    asked: list[tuple[str, str]] = []
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                data, peer = door.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            query = dns.message.from_wire(data)
            question = query.question[0]
            name, record = question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)
            asked.append((name, record))
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.AA | dns.flags.RA
            values = zone.get((name, record))
            if values is SILENT:
                continue
            if values is BROKEN:
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif values:
                reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", record, *values))
            elif (alias := zone.get((name, "CNAME"))) is not None:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", *alias))
                target = dns.name.from_text(alias[0])
                if further := zone.get((alias[0].rstrip("."), record)):
                    reply.answer.append(dns.rrset.from_text(target, 120, "IN", record, *further))
            elif not any(known == name for known, _ in zone):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            door.sendto(reply.to_wire(max_size=65535), peer)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield door.getsockname()[1], asked
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", door.getsockname())  # wakes the blocked recvfrom
        thread.join(timeout=2)
        door.close()
