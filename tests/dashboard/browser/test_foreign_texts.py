"""Texts of others in a real browser: no merchant, note or name of theirs becomes a link or a picture of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

SHOWN_MS = 60_000
FOREIGN = "www.elsewhere.example https://elsewhere.example pay@elsewhere.example ![x](https://elsewhere.example/x.png)"

Open = Callable[[Any, str], None]


def test_no_text_of_others_becomes_a_link(store: Any, serve: Callable[..., str], browser: Any, open_in: Open) -> None:
    """Markdown also makes links of bare addresses, escaped or not."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True, merchant=FOREIGN)
    store.payment("before", "2026-11-19T10:30Z", merchant=":material/delete:")
    row = {"source": "verdict", "verdict": "unsure", "known_at": "2026-11-20T07:00Z", "author": FOREIGN}
    store.insert("labels", trans_num="p", note=FOREIGN, **row)
    store.insert("snoozes", subject="card", value="a" * 64, until="2026-11-21T07:00Z", author=FOREIGN)
    address = serve()
    page = browser.new_page(viewport={"width": 1200, "height": 2400})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/review", "/?payment=p", f"/?payment={quote(FOREIGN)}", f"/?day={quote(FOREIGN)}"):
        open_in(page, address + path)
        page.get_by_text("elsewhere").first.wait_for(timeout=SHOWN_MS)
        assert page.locator("a[href*=elsewhere], img[src*=elsewhere]").count() == 0, path
    assert not [url for url in asked if url.startswith("https://elsewhere")]
    open_in(page, address + "/?payment=before")
    assert page.get_by_role("heading", level=1).inner_text().replace("\u2060", "").endswith("at :material/delete:")
