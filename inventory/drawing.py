"""A picture of rectangles and texts, written as SVG by ourselves or as PNG by Pillow.

Decides nothing about contents. SVG scales and has the reader's fonts for every script; PNG is what a chat or a slide takes. Pillow
comes with a font of its own for Latin script; other scripts are drawn with a font of the system's, where a usual one is there. Text
is text in either: nothing in it is markup. Called by forecast_chart.py.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from inventory.report_style import writable_text
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFont import FreeTypeFont, ImageFont

FONTS = (
    "Calibri, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', 'Microsoft YaHei', 'PingFang SC', 'Noto Sans CJK SC', sans-serif"
)
SCALE = 2
"""A PNG has so many pixels to a point, so that it is sharp on today's screens."""
LARGEST_PNG = 16_000
"""No side has more pixels: a larger picture is scaled down."""
_OTHER_SCRIPTS = ("NotoSansCJK-Regular.ttc", "msyh.ttc", "PingFang.ttc", "Arial Unicode.ttf", "wqy-microhei.ttc", "DejaVuSans.ttf")
_LATIN_ENDS = 0x250
_CUT_MARK = "..."


@dataclass(frozen=True, slots=True)
class _Rectangle:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    size: float
    colour: str
    is_bold: bool


class Drawing:
    """A picture, in points from the top left corner. Colours are RRGGBB; a text stands on its `y`."""

    def __init__(self, width: float, height: float, paper: str) -> None:
        self.width = width
        self.height = height
        self._shapes: list[_Rectangle | _Text] = [_Rectangle(0, 0, width, height, paper)]

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle; one that is thinner than a hair is a hair wide."""
        self._shapes.append(_Rectangle(x, y, max(width, 0.5), max(height, 0.5), colour))

    def text(self, x: float, y: float, text: str, size: float, colour: str, *, is_bold: bool = False) -> None:
        """Write a line of text."""
        self._shapes.append(_Text(x, y, " ".join(writable_text(text).split()), size, colour, is_bold))

    @staticmethod
    def cut(text: str, size: float, width: float) -> str:
        """As much of a text as so wide a place holds, with a mark where it was cut."""
        room = width
        for place, character in enumerate(text):
            room -= size * (0.56 if ord(character) < _LATIN_ENDS else 1.0)
            if room < 0:
                return text[: max(0, place - 2)] + _CUT_MARK
        return text

    def write(self, path: Path) -> None:
        """Write the picture whole or not at all, as what the name ends in: .svg or .png. Raises OSError."""
        content = self.as_png() if path.suffix.lower() == ".png" else self.as_svg().encode()
        write_whole(path, lambda stream: stream.write(content))

    def as_svg(self) -> str:
        """The picture as SVG, one shape a line."""
        size = f'width="{self.width:g}" height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
        lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}">']
        for shape in self._shapes:
            if isinstance(shape, _Rectangle):
                place = f'x="{shape.x:.2f}" y="{shape.y:.2f}" width="{shape.width:.2f}" height="{shape.height:.2f}"'
                lines.append(f'<rect {place} fill="#{shape.colour}"/>')
            else:
                weight = ' font-weight="bold"' if shape.is_bold else ""
                place = f'x="{shape.x:.2f}" y="{shape.y:.2f}" font-size="{shape.size:g}"'
                lines.append(f'<text {place}{weight} fill="#{shape.colour}">{escape(shape.text)}</text>')
        return "\n".join([*lines, "</svg>", ""])

    def as_png(self) -> bytes:
        """The picture as PNG."""
        from PIL import Image, ImageDraw

        scale = min(SCALE, LARGEST_PNG / max(self.width, self.height))
        image = Image.new("RGB", (round(self.width * scale), round(self.height * scale)), "white")
        pen = ImageDraw.Draw(image)
        fonts: dict[tuple[float, bool], FreeTypeFont | ImageFont] = {}
        for shape in self._shapes:
            colour = f"#{shape.colour}"
            if isinstance(shape, _Rectangle):
                left, top = round(shape.x * scale), round(shape.y * scale)
                right = max(left, round((shape.x + shape.width) * scale) - 1)
                bottom = max(top, round((shape.y + shape.height) * scale) - 1)
                pen.rectangle((left, top, right, bottom), fill=colour)
                continue
            is_latin = all(ord(character) < _LATIN_ENDS for character in shape.text)
            key = (shape.size, is_latin)
            font = fonts.get(key) or fonts.setdefault(key, _font(shape.size * scale, is_latin=is_latin))
            place = (shape.x * scale, shape.y * scale)
            pen.text(place, shape.text, fill=colour, font=font, anchor="ls", stroke_width=0.5 if shape.is_bold else 0)
        saved = io.BytesIO()
        image.save(saved, "PNG", optimize=False)
        return saved.getvalue()


def _font(size: float, *, is_latin: bool) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    for name in () if is_latin else _OTHER_SCRIPTS:
        with suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)
