"""The guard before every request, web sockets too: it checks the host name, the origin, and who may frame a page.

A page of a foreign site can point its own name at 127.0.0.1 (DNS rebinding); its Host header still says that name.
Streamlit compares Origin with Host only, so it would take such a page for its own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from fraud_dashboard.access.sign_in import LOOPBACK, sign_in_is_set_up
from fraud_dashboard.settings import WrongSetting, read_settings

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(:\d{1,5})?", re.IGNORECASE)
HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True)
class Hosts:
    """The host names that the dashboard answers to. ``any_address``: also every IP address, which no DNS can point."""

    names: frozenset[str]
    any_address: bool = False

    def holds(self, name: str) -> bool:
        """Whether ``name``, in lower case and without a port, is one of them."""
        return name in self.names or (self.any_address and _is_address(name))


def hosts_in_force() -> Hosts:
    """Loopback; with a sign-in the host of its ``redirect_uri``; what DASHBOARD_ALLOWED_HOSTS names.

    Where the network is trusted instead of a sign-in, every IP address too.
    """
    try:
        settings = read_settings()
    except WrongSetting:  # the page says which
        return Hosts(LOOPBACK)
    names = LOOPBACK | settings.allowed_hosts
    if not sign_in_is_set_up():
        return Hosts(names, any_address=settings.trust_network)
    home = urlsplit(str(st.secrets["auth"].get("redirect_uri", ""))).hostname
    return Hosts(names | ({home} if home else set()))


def host_name(host: str) -> str:
    """A Host header's name without its port, in lower case; empty if it is none.

    >>> host_name("LocalHost.:8501"), host_name("[::1]:8501"), host_name("127.0.0.1:1@evil.example")
    ('localhost', '::1', '')
    """
    found = HOST.fullmatch(host)
    return found["name"].lower().strip("[]") if found else ""


def refusal(headers: Headers, hosts: Hosts) -> str:
    """The reason why a request with these headers is refused, and the cure; empty if it is answered."""
    given = headers.getlist("host")
    host = host_name(given[0]) if len(given) == 1 else ""
    if not hosts.holds(host):
        return (
            "This dashboard does not answer under this name. On this machine open it as http://127.0.0.1 with its "
            "port; a name of your own goes into DASHBOARD_ALLOWED_HOSTS.\n"
        )
    if not all(_is_ours(origin, given[0], hosts) for origin in headers.getlist("origin")):
        return (
            "Another site's page asked for this. If that is the address under which a proxy shows this dashboard, "
            "its name goes into DASHBOARD_ALLOWED_HOSTS.\n"
        )
    return ""


def _is_ours(origin: str, host: str, hosts: Hosts) -> bool:
    """The origin that was asked itself, or a name beyond loopback: on loopback another port is another app."""
    parts = urlsplit(origin)
    return parts.netloc.lower() == host.lower() or host_name(parts.netloc) in hosts.names - LOOPBACK


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware: refuses with 403 what `refusal` refuses, before anything is read; adds `HEADERS` to the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        why = refusal(Headers(scope=scope), hosts_in_force())
        answer: ASGIApp = self.app
        if why:
            answer = WebSocketClose() if scope["type"] == "websocket" else PlainTextResponse(why, status_code=403)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await answer(scope, receive, with_headers)
