"""`python -m examples.provider`: run the sample provider in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from examples.provider import serve


def main() -> int:
    """Exit codes: 0 stopped as asked, 75 a port is taken (try again)."""
    parser = argparse.ArgumentParser(prog="python -m examples.provider", description=__doc__)
    home = os.environ.get("TRUSTDESK_HOME", "var")
    parser.add_argument("--home", type=Path, default=Path(home) / "provider", help="where state and secret are kept")
    parser.add_argument(
        "--control-port", type=int, default=int(os.environ.get("TRUSTDESK_SAMPLE_CONTROL_PORT", "8026"))
    )
    parser.add_argument("--sites-port", type=int, default=int(os.environ.get("TRUSTDESK_SAMPLE_SITES_PORT", "8027")))
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        provider = serve(
            arguments.home, arguments.control_port, arguments.sites_port, os.environ.get("TRUSTDESK_SAMPLE_SECRET", "")
        )
    except OSError as error:
        print(f"sample provider: cannot listen: {error}", file=sys.stderr)
        return 75
    print(f"sample provider: sites http://127.0.0.1:{provider.sites_port}/", flush=True)
    print(f"sample provider: control http://127.0.0.1:{provider.control_port}/state", flush=True)
    ended.wait()
    provider.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
