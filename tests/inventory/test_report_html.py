"""The report as a page: whole in itself, and whatever anybody wrote in a sheet is no more than text on it.

What it is like in a browser: tests/ui/test_report_page.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.report import ReportError, check_page_path, write_page
from inventory.report_html_text import escaped, visible
from tests.inventory.test_report import report_of
from tests.inventory.test_report_sheets import attempt_of
from tests.plans import server

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "</script><img src=x onerror=window.hit=1>",
    "<!--<script>window.hit=1</script>",
    '"><svg onload=window.hit=1>',
    "+HYPERLINK(\"https://attacker.example\",'x')",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "javascript:window.hit=1",
)


class Seen(HTMLParser):
    """What a page consists of: its elements with their attributes, the texts of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag
        if tag in {"script", "style"}:
            self.raw.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"} and self.raw:
            self.raw[-1] = (self._within, self.raw[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def data(self, name: str) -> dict[str, Any]:
        """The data of a list, its texts looked up as the page's script does."""
        places = [element for element in self.elements if element[0] in {"script", "style"}]
        (place,) = [place for place, (_, attributes) in enumerate(places) if attributes.get("id") == f"data-{name}"]
        found: dict[str, Any] = json.loads(self.raw[place][1])
        texts: list[str] = []

        def told(value: Any) -> Any:
            if isinstance(value, str):
                texts.append(value)
                return value
            return texts[value] if isinstance(value, int) else [told(each) for each in value]

        found["rows"] = [told(row) for row in found["rows"]]
        return found


def page_text(folder: Path, rows: list[dict[str, Any]], **more: Any) -> str:
    """The page of a report on these rows."""
    write_page(folder / "report.html", report_of(folder, rows, **more))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    """No address in any element; the policy allows its own style and script by their digests, and nothing else."""
    seen = Seen(page_text(tmp_path, [server(1), server(2)]))
    names = {name for _, attributes in seen.elements for name in attributes}
    assert not names & {"src", "href", "style", "srcset", "action", "background", "poster", "onclick", "onload"}
    policy = next(one["content"] for name, one in seen.elements if name == "meta" and "http-equiv" in one) or ""
    digests = {kind: f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for kind, text in seen.raw}
    rules = {name: values for name, *values in (rule.split() for rule in policy.split(";"))}
    assert rules == {
        "default-src": ["'none'"],
        "style-src": [digests["style"]],
        "script-src": [digests["script"]],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert not re.search(r"@import|url\(|fetch\(|innerHTML|eval\(", "".join(text for _, text in seen.raw))


def test_every_row_is_on_the_page_with_what_was_planned_and_sent(tmp_path: Path) -> None:
    """Outcome, the planner's own cells, digests, requests; the same texts as in the workbook."""
    rows = [server(1, Owner="shop"), server(2, note="@home")]
    data = Seen(page_text(tmp_path, rows, attempts=[attempt_of(1, request_id="req-1")], outcome={"error_code": "X.1"})).data(
        "servers"
    )
    columns = [key for key, _ in data["columns"]]
    first, second = data["rows"]
    assert dict(zip(columns, first, strict=False)) == {
        "server": "web-01",
        "status": "CREATED",
        "todo": "",
        "code": "X.1",
        "said": "",
        "task": "task-0",
        "source": "src-0001-a1b2",
        "attempts": "0",
        "submitted": "2027-01-09 20:00:00 UTC",
    }
    cells, trace, attempts = first[len(columns) :]
    assert dict(zip(data["headers"], cells, strict=True))["Owner"] == "shop"
    assert (trace[0], trace[2], trace[3]) == ("Servers!A2", f"{1:064x}", "req-1")
    assert len(attempts) == 1
    assert second[-1] == []


@given(st.text(st.characters(), max_size=80))
def test_any_text_is_text_on_the_page(text: str) -> None:
    """Whatever is written: nothing of it is markup, nothing unseen is left in it, and what can be seen stays."""
    seen = Seen(f'<p title="{escaped(text)}">{escaped(text)}</p>')
    assert [name for name, _ in seen.elements] == ["p"]
    assert seen.elements[0][1]["title"] == visible(text)
    escaped(text).encode()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\x7f]", visible(text))
    if text.isprintable() and not re.search("[\u2000-\u2fff\ufe00-\uffff]", text):
        assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_sheet_becomes_markup(tmp_path: Path, text: str) -> None:
    """The page has the same elements whoever named the server, the wave's author, the codes and the notes."""
    plain = Seen(page_text(tmp_path, [server(1), server(2), server(3)], author="x", notes=["x"], outcome={"advice": "x"}))
    rows = [server(number, source_name=text, Owner=text) for number in (1, 2, 3)]
    more = {"author": text, "notes": [text], "endpoint": text, "next_command": text, "attempts": [attempt_of(answer=text)]}
    odd = Seen(page_text(tmp_path, rows, outcome={"advice": text, "error_message": text, "error_code": text}, **more))
    assert [name for name, _ in odd.elements] == [name for name, _ in plain.elements]
    assert odd.data("servers")["rows"][0][0] == visible(text)


@pytest.mark.parametrize(
    ("name", "words"),
    [("report.txt", "ends in .html"), ("missing/report.html", "does not exist"), ("folder.html", "is a folder")],
)
def test_a_place_where_no_page_can_go_is_told(tmp_path: Path, name: str, words: str) -> None:
    """Beforehand and by the writing, in one line that names the option."""
    (tmp_path / "folder.html").mkdir()
    for attempt in (check_page_path, lambda path: write_page(path, report_of(tmp_path, [server()]))):
        with pytest.raises(ReportError, match=f"{words}.*--html|--html.*{words}"):
            attempt(tmp_path / name)


def test_the_old_page_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up leaves what was there, and no litter."""
    before = page_text(tmp_path, [server()])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReportError, match="no space left on device"):
        page_text(tmp_path, [server(), server(2)])
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["plan.xlsx", "report.html"]
