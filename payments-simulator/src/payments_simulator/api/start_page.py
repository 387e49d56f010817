"""The page at the simulator's bare address: it says what the simulator is, and lists the paths that it answers."""

from __future__ import annotations

ENDPOINTS = {
    "current-transactions": "one payment of the last hour, drawn at random: what the pipeline asks",
    "current-transactions?rows=5": "five of them",
    "health": "whether it answers, and how often it did",
    "_control/faults": "faults that can be ordered, to see how the pipeline takes them",
    "_control/handed-out": "what was answered so far, to compare with what was stored",
}

_ITEMS = "".join(f'<li><a href="{path}">/{path}</a><br>{what}</li>' for path, what in ENDPOINTS.items())

INDEX = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Payments simulator</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}}
li{{margin:.6rem 0}}</style>
</head><body><h1>Payments simulator</h1>
<p>An HTTP API of invented card payments, for those who have none of their own. Nobody in it exists.</p>
<ul>{_ITEMS}</ul>
<p>With <code>?start=</code> and <code>&amp;end=</code> (ISO times, a day apart at most)
it answers exactly that window.</p>
</body></html>
"""
