"""`make screenshots`: the pages of the docs, drawn from a real desk with the demo's two weeks in it.

python -m tools.screenshots [FOLDER]      default: docs/images

Each page is drawn light and dark, on a desk's screen and on a phone, and `docs/use/screens.md` shows them side by side.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import FLAGS, chromium
from tests.e2e.running import Desk, link, running
from tests.processes import own_desk

#: Page → its address. Those of a case are the first of the queue.
STAFF = {
    "queue": "/desk/",
    "board": "/desk/board",
    "held": "/desk/held",
    "appeals": "/desk/appeals",
    "incoming": "/desk/incoming",
    "outbox": "/desk/outbox",
    "reports": "/desk/reports",
    "ledger": "/desk/ledger",
    "parts": "/desk/parts",
}
PUBLIC = {"report": "/report", "help": "/help/images", "sign-in": "/desk/sign-in"}
SIZES = {"": (1440, 900), "-phone": (390, 844)}


def main() -> int:
    """Exit 75 without a Chromium."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium()
    if path is None:
        print("no Chromium on this machine; install one or name it in TRUSTDESK_TEST_CHROMIUM", file=sys.stderr)
        return 75
    os.environ.pop("TRUSTDESK_DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory() as home,
        own_desk(Path(home)) as environment,
        running(environment) as desk,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        for scheme in ("light", "dark"):
            for suffix, (width, height) in SIZES.items():
                size = {"width": width, "height": height}
                context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB")
                draw(context, desk, folder, f"-{scheme}{suffix}")
        browser.close()
    return 0


def keep(picture: bytes, path: Path) -> None:
    """Write it with a palette: a screen has few colours, and everybody who clones the project carries its pictures."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def draw(context: Any, desk: Desk, folder: Path, suffix: str) -> None:
    """All pages in one size and colour scheme."""
    page = context.new_page()

    def shoot(name: str, address: str) -> None:
        page.goto(address if "://" in address else desk.web + address)
        page.wait_for_load_state("networkidle")
        keep(page.screenshot(full_page=name == "parts"), folder / f"{name}{suffix}.png")
        print(folder / f"{name}{suffix}.png", flush=True)

    for name, address in PUBLIC.items():
        shoot(name, address)
    for name, part in (("status", "/status/"), ("customer", "/c/")):
        letter = next((m for m in reversed(desk.letters("@")) if part in m.as_string().replace("=\n", "")), None)
        if letter is not None:
            shoot(name, link(letter, part))
    page.goto(f"{desk.web}/desk/sign-in")
    page.locator("#id_username").fill("lucia")
    page.locator("#id_password").fill(desk.password("lucia"))
    page.locator("form button.button-main").click()
    page.wait_for_url(f"{desk.web}/desk/")
    first = page.locator('main a[href*="/desk/case/"]').first.get_attribute("href")
    for name, address in STAFF.items():
        shoot(name, address)
    if first:
        shoot("case", first)


if __name__ == "__main__":
    sys.exit(main())
