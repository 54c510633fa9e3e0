"""The HTTP tool: fetches pages of the public internet, and of what its config lists beside it.

A page that a model fetches can be made by anybody, and where it asks for can carry away what the model knows: without a
list of hosts a person is asked each time.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urldefrag, urljoin

from pydantic import Field

from workflow_engine.agents.toolbox.addresses import Hosts
from workflow_engine.agents.toolbox.fetching import Fetched, Request, target_of
from workflow_engine.agents.toolbox.functions import FunctionTool
from workflow_engine.agents.toolbox.pages import page_text
from workflow_engine.agents.toolbox.sets import ToolSet
from workflow_engine.agents.toolbox.settings import read_settings
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.spec.durations import Seconds
from workflow_engine.spec.strict import Strict

TEXT_MAX: Final = 200_000
"""Most characters of a page that the model is told."""

# `identity`: what is compressed could be a thousand times as large as what was sent.
_HEADERS: Final = {"User-Agent": "workflow-engine", "Accept-Encoding": "identity", "Connection": "close"}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class HttpSettings(Strict):
    """Settings of the HTTP tool.

    Attributes:
        allow_hosts: patterns of the names that may be fetched from, such as ``*.example.com``; empty for all.
        deny_hosts: patterns of names that may not.
        private_hosts: names, and networks such as ``10.1.0.0/16``, that may be reached although they are not public.
        post: whether models may also send something.
        timeout: seconds for a call, redirects included.
        size_bytes: how much of a page is read.
        redirects: how many are followed.
    """

    allow_hosts: tuple[str, ...] = ()
    deny_hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    post: bool = False
    timeout: Seconds = 30.0
    size_bytes: Annotated[int, Field(ge=1, le=16 << 20)] = 1 << 20
    redirects: Annotated[int, Field(ge=0, le=20)] = 5


def http_tool(config: Mapping[str, Any], name: str = "http") -> Tool:
    """Return the tools of a declaration: ``<name>_fetch``, and ``<name>_post`` where the config allows that.

    Raises:
        PermanentFailure: the config cannot be used.
    """
    settings = read_settings(HttpSettings, config, name)
    web = _Web(settings)
    reading: Policy = "allow" if settings.allow_hosts else "ask"
    tools: list[Tool] = [FunctionTool(web.fetch, name=f"{name}_fetch", policy=reading)]
    if settings.post:
        tools.append(FunctionTool(web.post, name=f"{name}_post", policy="ask"))
    return ToolSet(tools)


class _Web:
    """The functions that are the tools."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        private = tuple(host.lower() for host in settings.private_hosts)
        self._hosts = Hosts(settings.allow_hosts, settings.deny_hosts, private)

    async def fetch(self, url: str, head: bool = False) -> dict[str, Any]:
        """Fetch a page or file as text.

        Args:
            url: where it is, with http:// or https://.
            head: whether to fetch its headers only.
        """
        return await self._told(url, "HEAD" if head else "GET", None, {})

    async def post(
        self, context: ToolContext, url: str, body: str, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """Send a text to a server, and return what it answers.

        Args:
            context: of the call.
            url: where to, with http:// or https://.
            body: what to send.
            content_type: its media type.
        """
        if re.fullmatch(r"[\w.+/-]+(; ?[\w=-]+)*", content_type) is None:
            raise ToolError(f"{content_type!r} is no media type")
        headers = {"Content-Type": content_type, "Idempotency-Key": re.sub(r"[^!-~]", "_", context.key)}
        return await self._told(url, "POST", body.encode(errors="replace"), headers)

    async def _told(self, url: str, method: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._settings.timeout):
                place, fetched = await self._followed(url, method, body, headers)
        except TimeoutError as error:
            raise ToolError(f"{url[:200]} took more than {self._settings.timeout:g} seconds") from error
        kind = fetched.headers.get("content-type", "")
        if fetched.headers.get("content-encoding", "identity") != "identity":
            raise ToolError(f"{place} sent something compressed, although it was asked not to")
        told = {"url": place, "status": fetched.status, "content_type": kind}
        if method == "HEAD":
            return {**told, "headers": dict(fetched.headers)}
        text = await asyncio.to_thread(page_text, fetched.content, kind) if fetched.content else ""
        return {**told, "text": text[:TEXT_MAX], "cut_off": fetched.cut or len(text) > TEXT_MAX}

    async def _followed(
        self, url: str, method: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[str, Fetched]:
        """Return the answer that is no redirect, and its place; every place on the way is judged anew."""
        for _ in range(self._settings.redirects + 1):
            url = urldefrag(url).url
            fetched = await self._once(url, method, body, headers)
            location = fetched.headers.get("location")
            if fetched.status not in _REDIRECTS or location is None:
                return url, fetched
            if method == "POST":
                raise ToolError(f"{url} leads on to {location[:200]}; what is sent does not follow redirects")
            url = urljoin(url, location)
        raise ToolError(f"there are more than {self._settings.redirects} redirects; the last leads to {url[:200]}")

    async def _once(self, url: str, method: str, body: bytes | None, headers: dict[str, str]) -> Fetched:
        settings, target = self._settings, target_of(url)
        self._hosts.check(target.host)
        request = Request(target, method, self._hosts, settings.timeout)
        try:
            return await asyncio.to_thread(request.fetch, settings.size_bytes, body, {**_HEADERS, **headers})
        except asyncio.CancelledError:
            request.stop()  # the thread would go on
            raise
