"""README's pictures of workbooks show the words that the workbooks have, and are small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests import docs, workbook_pictures
from tests.png import read_text, write_png
from tests.ui import pictures
from tests.workbook_pictures import FOLDER, PICTURES, Picture, made_from

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 60_000


def test_the_pictures_are_fresh() -> None:
    """Each was made from the words that its workbook has now."""
    assert workbook_pictures.stale() == [], workbook_pictures.STALE


def test_another_word_makes_a_picture_stale(tmp_path: Path) -> None:
    """By its digest, which the versions of what made the workbook do not change."""

    def digest(text: str) -> str:
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.worksheets[0]
        sheet.title, sheet["B2"] = "Page", text
        book.save(tmp_path / "book.xlsx")
        return made_from(Picture(lambda _: None, "Page", 1), tmp_path / "book.xlsx")

    assert digest("made with 1.2.0") == digest("made with 3.11")
    assert digest("made with 1.2.0") != digest("made for 1.2.0")


@pytest.mark.parametrize("name", [*PICTURES, *pictures.NAMES])
def test_a_picture_is_shown_and_small(name: str) -> None:
    """README shows it, and it costs a reader next to nothing."""
    assert f"](.docs/{name}.png)" in docs.README.read_text(encoding="utf-8")
    assert (FOLDER / f"{name}.png").stat().st_size < MOST_BYTES


def test_a_png_keeps_its_words(tmp_path: Path) -> None:
    """What stands beside the pixels is read again; a file that is none has no words."""
    path = tmp_path / "a.png"
    write_png(path, np.zeros((2, 3, 3), np.uint8), {"made-from": "abc", "other": "x"})
    assert read_text(path) == {"made-from": "abc", "other": "x"}
    path.write_bytes(b"no picture")
    assert read_text(path) == read_text(tmp_path / "none.png") == {}
