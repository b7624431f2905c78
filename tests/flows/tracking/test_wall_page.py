"""The page for the wall: whole in itself, whatever text is on it. What it is like in a browser: tests/ui/test_wall_page.py."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flows.tracking.picture import Picture, ServerView
from flows.tracking.standing import Goal, Standing
from flows.tracking.wall_page import WallPage, page_of
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><img src=x onerror=window.hit=1>"
AT = 1_799_611_200.0


def picture_of(folder: Path) -> Picture:
    """One of each standing, a hostile one that failed, and a hundred that run, the last of them late."""
    rows = read_plan(make_plan(folder / "plan.xlsx", [server(n, source_name=f"web-{n:03}") for n in range(1, 110)])).servers
    views = [
        ServerView(row, row.source_server_id, f"t-{n}", standing.name, standing, 40.0, speed_mbps=10.0, ends_at=AT + 60 * n)
        for n, (row, standing) in enumerate(zip(rows, [*Standing, *[Standing.RUNNING] * 100], strict=True))
    ]
    failed = list(Standing).index(Standing.FAILED)
    views[failed] = replace(views[failed], error_code="SMS.0805", error_message=HOSTILE, state=HOSTILE)
    views[-1] = replace(views[-1], late_seconds=2400.0)
    return Picture(HOSTILE, "plan.xlsx", Goal.DONE, AT, views, window_ends_at=AT + 3600, ends_at=AT + 6000, next_in=30.0)


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    return picture_of(tmp_path)


def text_of(picture: Picture) -> str:
    return b"".join(page_of(picture)).decode()


def test_the_page_needs_nothing_and_runs_nothing_but_its_own(picture: Picture) -> None:
    """No address in it; the policy names exactly this style and this script; a hostile text is data."""
    text = text_of(picture)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    for kind, pattern in (("style", r"<style>(.*?)</style>"), ("script", r"<script>(.*?)</script>\n</body>")):
        own = re.search(pattern, text, re.DOTALL)
        assert own is not None
        digest = base64.b64encode(hashlib.sha256(own[1].encode()).digest()).decode()
        assert f"{kind}-src &#x27;sha256-{digest}&#x27;" in policy[1]
    assert not re.search(r"https?://", text)
    assert HOSTILE not in text


def test_the_figures_stand_there_without_a_script(picture: Picture) -> None:
    """And it refreshes itself all the same."""
    text = text_of(picture)
    assert re.search(r"<dt>late</dt><dd><b>1</b>", text)
    assert re.search(r"<dt>failed</dt><dd><b>2</b><span>SMS.0805</span>", text)
    assert "1 server will miss the window, by up to 40 min." in text
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in text


def test_a_page_that_cannot_be_written_is_said_once(picture: Picture, tmp_path: Path) -> None:
    """And is tried again at each look."""
    said: list[str] = []
    page = WallPage(tmp_path / "none" / "wall.html", said.append)
    page.picture(picture)
    page.picture(picture)
    (tmp_path / "none").mkdir()
    page.picture(picture)
    assert len(said) == 1
    assert (tmp_path / "none" / "wall.html").exists()


def test_the_data_is_json(picture: Picture) -> None:
    """What the script reads is what the rows say."""
    found = re.search(r'id="data">(.*?)</script>', text_of(picture), re.DOTALL)
    assert found is not None
    rows = json.loads(found[1])["rows"]
    assert [row[0] for row in rows] == [view.label for view in picture.servers]
