"""What an operator does in Prefect's UI: start a run from its form, look at its artifacts, answer at a gate, cancel."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.conftest import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page

    from tests.ui.prefect_ui import PrefectUi


class Operator:
    """Somebody at a browser; what stands beside the menus is `main`."""

    def __init__(self, page: Page, control_room: PrefectUi) -> None:
        self.page = page
        self.main = page.get_by_role("main")
        self._control_room = control_room
        self._run = ""

    async def fill_in(self, flow: str, plan: Path, wave: str = "wave-1", **more: str) -> None:
        """Open the form of a flow and fill it in; other fields by their names."""
        await self.page.goto(self._control_room.form(flow))
        for name, text in {"plan": str(plan), "wave": wave, **more}.items():
            is_needed = name in {"plan", "wave"}
            await self.page.get_by_label(name if is_needed else f"{name} (Optional)", exact=True).fill(text)

    async def send(self, plan: Path) -> None:
        """Send the form, and look at the run that came of it."""
        await self._press(self.page.get_by_role("button", name="Submit"), "**/create_flow_run")
        runs = self._control_room.api.runs
        wait_until(lambda: runs(plan))
        self._run = str(runs(plan)[0]["id"])
        await self.look()

    async def look(self) -> None:
        """Look at the run anew."""
        await self.page.goto(self._control_room.run(self._run))

    async def start(self, flow: str, plan: Path, **more: str) -> None:
        """Start a run from the form of its flow, and look at it."""
        await self.fill_in(flow, plan, **more)
        await self.send(plan)

    def state(self, name: str) -> Locator:
        """The badge of the run's state."""
        return self.main.get_by_text(name, exact=True)

    async def tab(self, name: str) -> None:
        """Turn to a tab of the run."""
        await self.page.get_by_role("tab", name=name).click()

    async def artifact(self, key: str) -> None:
        """Look at an artifact of the run by its key, whole."""
        await self.page.goto(f"{self._control_room.run(self._run)}?tab=Artifacts")
        await self.main.get_by_text(key).click()
        await self.main.locator("a[href*='/artifacts/artifact/']").first.click()

    async def choose(self, name: str) -> None:
        """Choose from the run's menu."""
        await self.page.get_by_role("button", name="Open menu").click()
        await self.page.get_by_role("menuitem", name=name).click()

    async def cancel(self) -> None:
        """Cancel the run, and say that this is meant."""
        await self.choose("Cancel")
        await self.page.get_by_role("button", name="Cancel Flow Run").click()

    async def open_gate(self) -> Locator:
        """Have the form before which a paused run stands; where it is."""
        await self.choose("Resume")
        return self.page.get_by_role("dialog")

    async def answer(self, approver: str, decision: str, comment: str) -> None:
        """Fill the form at the gate in."""
        form = self.page.get_by_role("dialog")
        await form.get_by_label("Approver").fill(approver)
        await form.get_by_role("button", name="Select Decision").click()
        await self.page.get_by_role("option", name=decision, exact=True).click()
        await form.get_by_label("Comment").fill(comment)

    async def decide(self, approver: str, decision: str, comment: str) -> None:
        """Fill the form at the gate in, and send it."""
        await self.answer(approver, decision, comment)
        await self._press(self.page.get_by_role("dialog").get_by_role("button", name="Resume"), "**/resume")

    async def _press(self, button: Locator, route: str) -> None:
        """Press a button that sends something; again where the server's SQLite is busy, which the page says, and the form stays."""
        status = HTTPStatus.SERVICE_UNAVAILABLE
        while status == HTTPStatus.SERVICE_UNAVAILABLE:
            async with self.page.expect_response(route) as answered:
                await button.click()
            status = HTTPStatus((await answered.value).status)
        assert status in {HTTPStatus.OK, HTTPStatus.CREATED}, status
