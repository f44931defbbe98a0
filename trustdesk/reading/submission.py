"""The bytes that are kept for a submitted report form (read back by `integrations.webform`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = 1


def submission(fields: Mapping[str, Any]) -> bytes:
    """The bytes that are kept for a submitted form; the same fields give the same bytes."""
    return json.dumps({"trustdesk_form": VERSION, **fields}, ensure_ascii=False, sort_keys=True, indent=1).encode()
