"""Draw README's picture: a real `waves demo` on a terminal, as an SVG. `make docs` calls it; POSIX only.

The demo runs on a pseudo-terminal; what it shows in the end, its progress bar finished, is drawn by rich. No font is fetched from
anywhere: the picture takes what the reader has.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.flows.cli.command_line import NO_PREFECT, run_on_terminal

PICTURE = Path(__file__).resolve().parent.parent / ".docs" / "demo.svg"
WIDTH = 100
_FONTS = "ui-monospace, Menlo, Consolas, monospace"
_CODE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def write() -> None:
    """Run the demo and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        code, shown = run_on_terminal("demo", folder=Path(folder), environment=NO_PREFECT | {"COLORTERM": "truecolor"})
    if code != 0:
        raise RuntimeError(f"the demo ended with {code}:\n{shown}")
    PICTURE.parent.mkdir(exist_ok=True)
    lines = [line for line in final_lines(shown) if "Prefect does not answer" not in line]
    PICTURE.write_text(drawn(["$ waves demo", *lines]), encoding="utf-8", newline="\n")


def final_lines(shown: str) -> list[str]:
    """What stands on a terminal after all that was sent to it: carriage returns, erased lines and moves up are followed."""
    lines, at = [""], 0
    for piece in re.split(r"(\r|\n|\x1b\[[0-9;?]*[A-Za-z])", shown):
        code = _CODE.fullmatch(piece)
        if piece == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif code is not None and code[2] == "A":
            at = max(0, at - int(code[1] or 1))
        elif piece == "\r" or (code is not None and code[2] == "K"):
            lines[at] = ""
        elif code is None or code[2] == "m":
            lines[at] += piece
    return [line.rstrip() for line in lines]


def drawn(lines: list[str]) -> str:
    """The lines, with their colours, as an SVG of a terminal."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, color_system="truecolor")
    console.print(Text("\n").join(Text.from_ansi(line) for line in lines if line.strip()), soft_wrap=False)
    svg = console.export_svg(title="waves demo", unique_id="demo")
    without_fonts = re.sub(r"\s*<!--.*?-->|\s*@font-face \{.*?\}\n", "\n", svg, flags=re.DOTALL)
    return without_fonts.replace("Fira Code, monospace", _FONTS)
