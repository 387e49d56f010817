"""Take the documentation's pictures anew, from the stack that runs: `make pictures`. It needs Chromium.

The stack must play the simulator's payments (`make run`, for half an hour or so): nothing real may stand in a picture.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PAGES = {"morning": ("/", 1130), "pipeline": ("/pipeline", 790)}  # address, height of the picture
WIDTH, MAIL_WIDTH, MAIL_HEIGHT = 1200, 640, 900
COLOURS = 128
SHOWN_MS = 60_000
SETTLE_MS = 3_000  # charts, maps and letters find their place after all is there
# nothing is a placeholder, waits for the server or is a frame whose chart has no size yet
DRAWN = """() => {
    const all = (what) => [...document.querySelectorAll(what)];
    const sized = (one) => one.getBoundingClientRect().height > 20 && one.getBoundingClientRect().width > 20;
    const waiting = ['stSkeleton', 'stAppSkeleton', 'stSpinner', 'stStatusWidget'];
    const charts = all('[data-testid="stVegaLiteChart"]');
    return !all(waiting.map((name) => `[data-testid="${name}"]`).join()).length
        && !all('[data-stale="true"]').length
        && charts.every((chart) => [...chart.querySelectorAll('canvas, svg')].some(sized));
}"""


def main(data_dir: Path) -> None:
    """Write ``morning.png``, ``pipeline.png`` and ``alert-mail.png`` beside this file."""
    if not CHROMIUM:
        sys.exit("this needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it")
    if dotenv_values(".env").get("PAYMENTS_API_URL") if Path(".env").exists() else None:
        sys.exit("this stack asks your own payments API: take pictures of simulated payments only")
    dashboard = str(dotenv_values(data_dir / "local.env", interpolate=False)["DASHBOARD_URL"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for name, (path, height) in PAGES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": 2400})
            page.goto(dashboard + path)
            page.get_by_text("No sign-in is set up").wait_for(timeout=SHOWN_MS)
            page.wait_for_function(DRAWN, timeout=SHOWN_MS)
            page.wait_for_timeout(SETTLE_MS)
            page.wait_for_function(DRAWN, timeout=SHOWN_MS)  # what came late was drawn as well
            write(name, page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height}))
        write("alert-mail", mail_picture(browser, telling_mail(data_dir / "mailbox")))
        browser.close()


def telling_mail(mailbox: Path) -> EmailMessage:
    """The alert that tells of the fewest payments, but of more than one if there is such a one."""
    alerts = [mail for mail in mails(mailbox) if "<alert." in str(mail["List-Id"])]
    if not alerts:
        sys.exit("no alert was mailed yet: within five minutes of its start the simulator stages a fraud spree")
    return min(alerts, key=lambda mail: (payments(mail) == 1, payments(mail)))


def payments(mail: EmailMessage) -> int:
    """How many payments an alert tells of: its subject begins with that."""
    return int(str(mail["Subject"]).split()[0].replace(",", ""))


def mails(mailbox: Path) -> Iterator[EmailMessage]:
    """Every mail, the oldest first."""
    for file in sorted(mailbox.glob("*.eml")):
        yield message_from_bytes(file.read_bytes(), policy=SMTP)  # type: ignore[misc]


def mail_picture(browser: Any, mail: EmailMessage) -> bytes:
    """The mail's page as a mail client shows it."""
    page = browser.new_page(viewport={"width": MAIL_WIDTH, "height": MAIL_HEIGHT})
    body = mail.get_body(("html",))
    assert body is not None
    page.set_content(body.get_content())
    picture: bytes = page.screenshot()
    return picture


def write(name: str, picture: bytes) -> None:
    """Few colours keep a file small; nothing in these pages has more."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(HERE / f"{name}.png", optimize=True)
    print(f"{HERE / name}.png, {(HERE / f'{name}.png').stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".data"))
