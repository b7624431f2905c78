"""Draw README's picture of the life of a row, as an SVG. `make docs` calls it; a test fails when it is stale.

Which arrows there are, between which states and with which letters, is life.py's to say; here each has its place and its words for
people. A move without a place cannot be drawn: KeyError. Below it, one attempt step by step: what is on disk before what.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from flows.submission.life import Move, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PICTURE = Path(__file__).resolve().parent.parent / ".docs" / "life.svg"

_WIDTH, _HEIGHT = 960, 744
_FONTS = "Arial, Helvetica, 'Liberation Sans', sans-serif"
_LINE = 17
_TALL = 100
_BADGE = 10
_TIP = 10
_TITLE = "The life of a row"
_DESCRIPTION = (
    "Five states, each on disk: free, on its way, in doubt, its task is known, refused; and the lettered moves between them. "
    "Below: the steps of one attempt, and which of them are on disk before the next begins."
)

_STYLE = f"""
    text {{ font: 14px {_FONTS}; fill: #1f2328; text-anchor: middle; }}
    .start {{ text-anchor: start; }}
    .end {{ text-anchor: end; }}
    .name {{ font-size: 17px; font-weight: 600; }}
    .code {{ font-size: 12px; letter-spacing: 0.06em; fill: #59636e; }}
    .letter {{ font-size: 13px; font-weight: 700; fill: #ffffff; }}
    .paper {{ fill: #ffffff; stroke: #d1d9e0; }}
    .box {{ fill: #eef4fb; stroke: #3b6ea5; stroke-width: 1.5; }}
    .doubt {{ fill: #fff4d6; stroke: #9a6700; }}
    .known {{ fill: #e3f5e7; stroke: #1a7f37; }}
    .step {{ fill: none; stroke: #59636e; stroke-dasharray: 5 4; }}
    .arrow {{ fill: none; stroke: #59636e; stroke-width: 1.6; }}
    .tip {{ fill: #59636e; }}
    .badge {{ fill: #3b4754; }}
    @media (prefers-color-scheme: dark) {{
      text {{ fill: #e6edf3; }}
      .code {{ fill: #9da7b3; }}
      .letter {{ fill: #0d1117; }}
      .paper {{ fill: #0d1117; stroke: #3d444d; }}
      .box {{ fill: #13243a; stroke: #6ea8e6; }}
      .doubt {{ fill: #33270a; stroke: #d9a93a; }}
      .known {{ fill: #10301a; stroke: #4cc26a; }}
      .step {{ fill: none; stroke: #9da7b3; }}
      .arrow {{ stroke: #9da7b3; }}
      .tip {{ fill: #9da7b3; }}
      .badge {{ fill: #c6d0da; }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a heading and lines of text."""

    x: int
    y: int
    width: int
    height: int
    heading: str
    lines: tuple[str, ...]
    looks: str = "box"


@dataclass(frozen=True, slots=True)
class Route:
    """Where an arrow goes, the last point being its tip; where its letter stands, and its words (at `words_at`, aligned `side`)."""

    points: tuple[tuple[int, int], ...]
    badge: tuple[int, int]
    words: tuple[str, ...] = ()
    words_at: tuple[int, int] = (0, 0)
    side: str = ""


STATES: Mapping[RowState, Box] = {
    RowState.IDLE: Box(24, 110, 156, 380, "free", ("no task is known,", "nothing is", "on its way")),
    RowState.SENDING: Box(330, 110, 330, 76, "on its way", ("written down first; SMS may have it",)),
    RowState.REFUSED: Box(500, 270, 160, 76, "refused", ("nothing was made",)),
    RowState.UNSETTLED: Box(330, 414, 330, 76, "in doubt", ("a task may be there: look at SMS",), "box doubt"),
    RowState.BOUND: Box(
        770, 110, 150, 380, "task known", ("by its id; the row", "is never sent again", "unless you say so"), "box known"
    ),
}

ROUTES: Mapping[tuple[Move, RowState], Route] = {
    (Move.INTEND, RowState.IDLE): Route(((180, 132), (330, 132)), (255, 132), ("send",), (255, 116)),
    (Move.NOT_SENT, RowState.SENDING): Route(
        ((330, 166), (180, 166)), (255, 166), ("certainly not", "made: no line,", "401, 403, 429"), (255, 194)
    ),
    (Move.ANSWERED, RowState.SENDING): Route(((660, 148), (770, 148)), (713, 148), ("SMS tells", "the task's id"), (713, 113)),
    (Move.DOUBT, RowState.SENDING): Route(
        ((356, 186), (356, 414)), (356, 300), ("no clear answer,", '"already bound",', "or the run died"), (338, 288), "end"
    ),
    (Move.INTEND, RowState.UNSETTLED): Route(
        ((400, 414), (400, 186)), (400, 300), ("a look", "finds none:", "send again"), (418, 288), "start"
    ),
    (Move.REFUSE, RowState.SENDING): Route(((534, 186), (534, 270)), (534, 228), ("a clear no",), (516, 233), "end"),
    (Move.INTEND, RowState.REFUSED): Route(
        ((626, 270), (626, 186)), (626, 228), ("row mended, or", "--retry-rejected"), (644, 224), "start"
    ),
    (Move.CONFIRM_REFUSAL, RowState.UNSETTLED): Route(
        ((580, 414), (580, 346)), (580, 380), ("no task of ours:", "the no holds"), (598, 376), "start"
    ),
    (Move.FOUND, RowState.REFUSED): Route(((660, 308), (770, 308)), (713, 308), ("task seen",), (713, 291)),
    (Move.ADOPT, RowState.UNSETTLED): Route(((660, 452), (770, 452)), (713, 452), ("a look", "finds the task"), (713, 418)),
    (Move.CLEAR, RowState.UNSETTLED): Route(
        ((330, 452), (180, 452)), (255, 452), ("a look finds none,", "not sent again now"), (255, 418)
    ),
    (Move.DOUBT, RowState.UNSETTLED): Route(
        ((440, 490), (440, 516), (500, 516), (500, 490)), (470, 516), ("still in doubt",), (518, 515), "start"
    ),
    (Move.FOUND, RowState.IDLE): Route(
        ((102, 110), (102, 72), (845, 72), (845, 110)),
        (474, 72),
        ("its task is seen at SMS: made by hand, or before a journal was lost",),
        (474, 58),
    ),
    (Move.FOUND, RowState.BOUND): Route(((920, 330), (940, 330), (940, 380), (920, 380)), (940, 355)),
    (Move.FORGET, RowState.BOUND): Route(
        ((845, 490), (845, 552), (102, 552), (102, 490)),
        (474, 552),
        ("somebody deleted the task at SMS, and you say --recreate",),
        (474, 579),
    ),
}

STEPS = (
    Box(24, 634, 172, 86, "1", ("lease on the source", "and target server:", "on disk"), "box"),
    Box(209, 634, 172, 86, "2", ("what is to be sent, and", "which tasks are there:", "on disk"), "box"),
    Box(394, 634, 172, 86, "3", ("the pace lets it out,", "and the lease will", "outlive the request"), "step"),
    Box(579, 634, 172, 86, "4", ("the request leaves;", "an answer comes,", "or none"), "step"),
    Box(764, 634, 172, 86, "5", ("the answer: on disk;", "unless it is clear,", "look before all else"), "box"),
)


def arrows() -> Iterator[tuple[str, Move, RowState, RowState]]:
    """Every arrow that life.py knows: its letter, the move, from where, to where. Letters are in the states' order."""
    for move in Move:
        sources = [state for state in RowState if state in move.rule.sources]
        letters = move.letter.split("/")
        for letter, source in zip(letters if len(letters) > 1 else letters * len(sources), sources, strict=True):
            yield letter, move, source, move.apply(source)


def write() -> None:
    """Draw it into its file."""
    PICTURE.write_text(drawn(), encoding="utf-8", newline="\n")


def drawn() -> str:
    """The picture."""
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" role="img">',
        f"<title>{_TITLE}</title>",
        f"<desc>{_DESCRIPTION}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8"/>',
        *_text(24, 32, ("The life of a row: every box is a state on disk, every arrow one write",), "start"),
        *(line for state, box in STATES.items() for line in _state(state, box)),
        *(line for arrow in arrows() for line in _arrow(*arrow)),
        *_text(24, 618, ("One attempt, step by step: a full box is on disk before the next step begins",), "start"),
        *(line for box in STEPS for line in _step(box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _state(state: RowState, box: Box) -> Iterator[str]:
    middle = box.x + box.width // 2
    top = box.y + (box.height - _LINE * (len(box.lines) + 1) - 8) // 2
    is_tall = box.height > _TALL
    yield _rectangle(box)
    if is_tall:
        yield from _text(middle, box.y + 26, (state.name,), "code")
        yield from _text(middle, top + 16, (box.heading,), "name")
    else:
        yield _named(middle, top + 16, box.heading, state.name)
    yield from _text(middle, top + 40, box.lines)


def _step(box: Box) -> Iterator[str]:
    yield _rectangle(box)
    yield from _mark(box.x + 22, box.y, box.heading)
    yield from _text(box.x + box.width // 2, box.y + 31, box.lines)


def _arrow(letter: str, move: Move, source: RowState, target: RowState) -> Iterator[str]:
    route = ROUTES[move, source]
    (x, y), points = route.badge, " ".join(f"{x},{y}" for x, y in route.points)
    yield f'<g id="{letter}-{source.value}-{target.value}">'
    yield f'<polyline class="arrow" points="{points}"/>'
    yield f'<path class="tip" d="{_tip(*route.points[-2:])}"/>'
    yield from _mark(x, y, letter)
    yield from _text(*route.words_at, route.words, route.side)
    yield "</g>"


def _mark(x: int, y: int, letter: str) -> Iterator[str]:
    yield f'<circle class="badge" cx="{x}" cy="{y}" r="{_BADGE}"/>'
    yield from _text(x, y + 5, (letter,), "letter")


def _tip(before: tuple[int, int], at: tuple[int, int]) -> str:
    """The head of an arrow that comes from `before` and ends at `at`, along an axis."""
    (x, y), back_x, back_y = at, _sign(before[0] - at[0]) * _TIP, _sign(before[1] - at[1]) * _TIP
    across_x, across_y = back_y // 2, back_x // 2
    return f"M{x} {y}L{x + back_x + across_x} {y + back_y + across_y}L{x + back_x - across_x} {y + back_y - across_y}Z"


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _rectangle(box: Box) -> str:
    return f'<rect class="{box.looks}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>'


def _named(x: int, y: int, heading: str, code: str) -> str:
    told = "" if code == heading.upper() else f' <tspan class="code" dx="4">{code}</tspan>'
    return f'<text class="name" x="{x}" y="{y}">{escape(heading)}{told}</text>'


def _text(x: int, y: int, lines: Iterable[str], looks: str = "") -> Iterator[str]:
    attribute = f' class="{looks}"' if looks else ""
    for number, line in enumerate(lines):
        yield f'<text{attribute} x="{x}" y="{y + number * _LINE}">{escape(line)}</text>'
