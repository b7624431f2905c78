"""A real browser without a window: Debian's Chromium, spoken to by its own debugging protocol; no driver, no package.

What a test or a benchmark asks of a page: load it, run an expression in it, press keys, take a picture. `requests` holds whatever
the page asked the network for, `complaints` what the browser said against it (a broken script, a refused style).
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
_START_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
_WORDS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
)


def why_not() -> str:
    """Why it cannot run here, in one line; empty where it can."""
    return "" if CHROMIUM else "Chromium is not installed (`apt-get install chromium`): no page is opened in it"


class Browser:
    """One tab of a running browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says until it ends."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                answer = self._answers.pop(said["id"])
                if not answer.done():
                    answer.set_result(said)
            else:
                self._note(said["method"], said["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One call of the protocol; raises RuntimeError where the browser refuses it."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        said = await asyncio.wait_for(answer, _ANSWER_SECONDS)
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        found: dict[str, Any] = said["result"]
        return found

    async def open(self, url: str) -> None:
        """Load a page, to the end; what was noted of an earlier page is forgotten."""
        self.requests.clear()
        self.complaints.clear()
        self._loaded.clear()
        await self.ask("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), _ANSWER_SECONDS)

    async def run(self, expression: str) -> Any:
        """The value of an expression in the page, a promise's when it comes; raises RuntimeError where it throws."""
        found = await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        """A key that is pressed and let go, as a person does: a letter, or a name such as `Enter`."""
        code = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}.get(key, ord(key[0].upper()))
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def look(self, width: int, height: int = 900, *, is_dark: bool = False) -> None:
        """Have the page on a screen of that size, with that preference."""
        await self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, *, whole: bool = True) -> bytes:
        """The page as it stands, whole or what the screen shows, as a PNG."""
        found = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(found["data"])

    async def paper(self) -> bytes:
        """The page as it would be printed, as a PDF."""
        await self.ask("Emulation.setEmulatedMedia", media="")
        found = await self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser with one empty tab, ended with the block."""
    assert CHROMIUM is not None
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        words = [*_WORDS[:-1], f"--user-data-dir={folder}", _WORDS[-1]]
        environment = {**os.environ, "HOME": folder}
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *words, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            port = await asyncio.wait_for(_port(Path(folder)), _START_SECONDS)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                async with session.get("/json/list") as answer:
                    tab = next(each for each in await answer.json() if each["type"] == "page")
                async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    found = Browser(socket)
                    listening = asyncio.create_task(found.listen())
                    for domain in ("Page", "Runtime", "Network", "Log"):
                        await found.ask(f"{domain}.enable")
                    yield found
                    listening.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _port(folder: Path) -> int:
    """The port that the browser chose, once it has written it down."""
    place = folder / "DevToolsActivePort"
    while True:
        if place.exists() and (text := place.read_text()).count("\n"):
            return int(text.splitlines()[0])
        await asyncio.sleep(0.02)
