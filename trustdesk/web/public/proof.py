"""Proof of work instead of a captcha: whoever sends more reports than their network's share pays with a second of computing.

No third party learns of the visitor, no picture has to be read. A challenge is signed by us, belongs to one network, lives
for half an hour and is good for one report.
"""

from __future__ import annotations

import hashlib
import secrets

from django.core import signing
from django.core.cache import cache

from trustdesk.web import limits

#: Leading zero bits that the SHA-256 of challenge and answer must have: about 65,000 attempts, one or two seconds.
BITS = 16
SECONDS = 1800
SALT = "trustdesk.proof"


def challenge(network: str) -> str:
    """A fresh challenge for a client of this network."""
    return signing.dumps({"for": limits.masked(network), "salt": secrets.token_urlsafe(9)}, salt=SALT)


def solved(challenge_: str, answer: str, network: str) -> bool:
    """Whether the answer fits a challenge of ours that was given to this network and not used yet; uses it up."""
    if not challenge_ or len(challenge_) > 400 or not answer or len(answer) > 40:
        return False
    try:
        said = signing.loads(challenge_, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return False
    if said.get("for") != limits.masked(network) or not fits(challenge_, answer):
        return False
    return bool(cache.add(f"proof:{hashlib.sha256(challenge_.encode()).hexdigest()[:40]}", 1, SECONDS))


def fits(challenge_: str, answer: str) -> bool:
    """Whether SHA-256 of `challenge.answer` begins with BITS zero bits."""
    digest = hashlib.sha256(f"{challenge_}.{answer}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - BITS) == 0
