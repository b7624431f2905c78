"""Look into a workbook's package for what a copy of it cannot keep, and for how much there is to copy.

Decides what is told as missing: the copy is made by openpyxl, which reads cells, formats and drop-downs and knows nothing of, say,
shapes. Goes by the package's parts and by a search over their bytes, so that it costs little. Called by annotate.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable, Iterator

    from inventory.package import Package

CHUNK_BYTES = 1 << 20
_OVERLAP = 256
MAX_OTHER_PART_BYTES = 32 * 1024**2
"""Parts other than sheets and texts (styles, drawings, pivots) are read as a whole tree: none of a plan is so large."""

# What a part's name says, told once a kind with how many parts there are.
_PARTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"xl/vbaProject.*\.bin|xl/(macrosheets|dialogsheets)/[^/]+", "macros"),
        (r"xl/charts/chart[^/]*\.xml", "charts (drawn anew in a plainer form where that is possible)"),
        (r"xl/pivotTables/[^/]+\.xml", "pivot tables (as they stand, in a plainer form where that is possible)"),
        (r"xl/(slicers|timelines)/[^/]+\.xml", "slicers and timelines"),
        (r"xl/(ctrlProps|activeX)/[^/]+\.xml", "buttons and other controls"),
        (r"xl/embeddings/[^/]+", "embedded files"),
        (r"xl/diagrams/data[^/]*\.xml", "diagrams (SmartArt)"),
        (r"xl/threadedComments/[^/]+\.xml", "threads of comments (their text stays as a note)"),
        (r"xl/richData/rdrichvalue\.xml", "data types, and pictures in cells"),
        (r"xl/metadata\.xml", "formulas that spill over (they become array formulas)"),
        (r"xl/featurePropertyBag/[^/]+", "check boxes in cells"),
        (r"xl/connections\.xml|xl/queryTables/[^/]+\.xml|xl/model/.+", "data connections, queries and the data model"),
        (r"xl/revisions/[^/]+\.xml", "tracked changes"),
        (r"customXml/item\d+\.xml", "custom XML data"),
        (r"customUI/.+\.xml|xl/webextensions/.+\.xml", "own ribbons and add-ins"),
        (r"_xmlsignatures/[^/]+\.xml", "digital signatures"),
        (r"xl/printerSettings/[^/]+", "settings of a printer"),
    )
)
_PICTURE = re.compile(r"xl/media/[^/]+", re.IGNORECASE)
_SHAPE = re.compile(rb"<(?:\w+:)?(?:sp|cxnSp|grpSp)[ >]")

# What a sheet's own bytes say.
_IN_SHEETS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            rb"\{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF\}",
            "extended validation (drop-downs from another sheet, in the plain form where that is possible)",
        ),
        (rb"\{78C0D931-6437-407d-A8EE-F0AAD7539E65\}", "extended conditional formats (data bars, icons)"),
        (rb"\{05C60535-1F16-4fd2-B633-F4F36F0B64E0\}", "sparklines"),
        (
            rb"\{FC87AEE6-9EDD-4A0A-B7FB-166176984837\}|<(?:\w+:)?protectedRanges[ >]",
            "ranges that some may edit though the sheet is protected",
        ),
        (rb"<(?:\w+:)?picture ", "a picture behind the cells"),
        (rb"<(?:\w+:)?legacyDrawingHF ", "pictures in headers and footers"),
        (rb"<(?:\w+:)?customSheetViews[ >]", "custom views"),
        (rb"<(?:\w+:)?ignoredErrors[ >]", "marks at errors to be ignored"),
    )
)
_CELLS = (b"<c ", b"<c>", b":c ", b":c>", b"<row", b":row")
_RICH_TEXT = re.compile(rb"<(?:\w+:)?rPr[ >/]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_SPAN = re.compile(rb"""<(?:\w+:)?(?:mergeCell|hyperlink|comment)\s[^<>]*?\bref\s*=\s*["']([^"':]*):([^"']*)["']""")
_CORNER = re.compile(rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_WHOLE_ROWS = 1_048_576 * 16_384
"""What a range counts for that is no plain one (A:C, 1:9): it may be a whole sheet."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a copy would be made of. `cells` counts cells and rows, also empty ones and those that are merged or linked as ranges.

    `lost` are the kinds of things that the copy lacks or shows in a plainer form, in words, with their number or their sheets.
    """

    cells: int
    has_rich_text: bool
    has_formulas: bool
    too_large_part: str
    pictures: int
    lost: tuple[str, ...]


def survey(package: Package) -> Survey:
    """Look through the whole package once. Raises what the zip raises for a damaged part."""
    archive = package.archive
    titles = {sheet.part: sheet.name for sheet in package.sheets}
    cells, rich, formulas = 0, False, False
    found: dict[str, list[str]] = {}
    for info in archive.infolist():
        name = info.filename
        if not name.endswith((".xml", ".vml")) and name not in titles:
            continue
        for chunk in _chunks(archive, info):
            rich = rich or _RICH_TEXT.search(chunk) is not None
            cells += sum(map(_area, _SPAN.findall(chunk)))
            if name in titles:
                cells += sum(map(chunk.count, _CELLS))
                formulas = formulas or _FORMULA.search(chunk) is not None
                _note(found, titles[name], (words for pattern, words in _IN_SHEETS if pattern.search(chunk)))
            elif name.startswith("xl/drawings/") and _SHAPE.search(chunk):
                _note(found, name, ["text boxes and shapes"])
    names = [info.filename for info in archive.infolist()]
    pictures = sum(_PICTURE.fullmatch(name) is not None for name in names)
    return Survey(
        cells, rich, formulas, _too_large(archive, titles), pictures, (*_lost_parts(names), *_lost_in_sheets(found, titles))
    )


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part in pieces. They overlap a little, so that no tag is missed on an edge; a cell there may count twice."""
    kept = b""
    with archive.open(info) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield kept + chunk
            kept = chunk[-_OVERLAP:]


def _area(span: tuple[bytes, bytes]) -> int:
    """How many cells a range has: openpyxl makes each of them."""
    from inventory.cell_references import column_index

    first, last = _CORNER.fullmatch(span[0]), _CORNER.fullmatch(span[1])
    if first is None or last is None:
        return _WHOLE_ROWS
    columns = column_index(last[1].decode()) - column_index(first[1].decode())
    return (abs(columns) + 1) * (abs(int(last[2]) - int(first[2])) + 1)


def _note(found: dict[str, list[str]], where: str, kinds: Iterable[str]) -> None:
    for words in kinds:
        if where not in found.setdefault(words, []):
            found[words].append(where)


def _lost_parts(names: Iterable[str]) -> Iterator[str]:
    listed = list(names)
    for pattern, words in _PARTS:
        count = sum(pattern.fullmatch(name) is not None for name in listed)
        if count:
            yield words if count == 1 or words == "macros" else f"{words}: {count}"


def _lost_in_sheets(found: dict[str, list[str]], titles: dict[str, str]) -> Iterator[str]:
    known = set(titles.values())
    for words, places in found.items():
        sheets = [place for place in places if place in known]
        yield f"{words}: in {', '.join(sheets)}" if sheets else words


def _too_large(archive: zipfile.ZipFile, titles: dict[str, str]) -> str:
    """A part that is too large to be read as a tree; "" where there is none."""
    for info in archive.infolist():
        is_tree = info.filename.endswith((".xml", ".vml", ".rels")) and info.filename not in titles
        if is_tree and not info.filename.endswith("sharedStrings.xml") and info.file_size > MAX_OTHER_PART_BYTES:
            return info.filename
    return ""
