"""Whether a row that should name a server is none: a form's example, a total, a note below the table, the header once more.

Pure. Called for every row of an inventory.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from inventory.importers.headers import header_key
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Sequence

_BRACKETED = re.compile(r"<[^<>]*>|\{\{.*\}\}|\$\{.*\}|\[[^\[\]]*\]|%[A-Za-z_ ]+%|__+.*__+|\(.*\)")
_WORDS = re.compile(
    r"(?:t\.?b\.?[adc]\.?|n/?\.?a\.?|none|null|nil|unknown|todo|fixme|"
    r"to be (?:defined|determined|confirmed|announced)|x{2,}|\?+|-+|–|\.+|_+|0|"
    r"placeholder|(?:example|sample|beispiel|exemple|ejemplo|exemplo|esempio)(?:[\s_-]?(?:server|host|vm))?[\s_-]?\d{0,3}|"
    r"пример|示例|例|"
    r"(?:your|insert|enter|type|fill in|ihr|votre)[\s_-].*"
    r"(?:name|server|host|hostname|here|hier|ici|aquí).*|"
    r"(?:my|the)[\s_-](?:server|host|vm|machine)(?:[\s_-]?name)?(?:[\s_-]?(?:here|\d+|x+))?|"
    r"(?:server|host|vm|machine|computer)[\s_-]?name(?:[\s_-]?(?:here|\d+|x+))?|(?:hostname|servername)[\s_-]?(?:\d+|x+|here)?)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|zwischen|sous|sub)?[\s-]?totale?s?|(?:end|gesamt|zwischen)?summen?|gesamt|insgesamt|"
    r"somme|ensemble|suma|soma|somma|totaal|subtotaal|razem|celkem|итого|всего|сумма|разом|"
    r"合计|总计|小计|总数|共计|合計|総計|小計|計|합계|총계|소계|(?:genel |ara )?toplam|المجموع|الإجمالي|إجمالي|"
    r"סהכ|סך הכל|összesen|yhteensä|totalt|i alt|tổng|tổng cộng|jumlah|รวม|σύνολο)(?:[\s:(=（：].*)?[:：]?",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"[*†‡#※]\s*\S.*|.*[:：]\s.*|\S+(?:\s+\S+){3,}|.*[.。!]|(?:wave|welle|vague|lot|batch|phase|ola|onda|golf|fala|vlna|волна|dalga|ウェーブ|웨이브)[\s#-]*[\w-]{1,8}|"
    r"(?:批次|波次|第).{1,6}",
    re.DOTALL | re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"^[0-9]+(?:[.,][0-9]+)?e[+-]?[0-9]+$|[\n\r]|[;,]\s*\S|^[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9:.]+)?$", re.IGNORECASE
)
_MOST_EXACT = 1e15  # a number of more digits is shown with an exponent, and its last digits are lost
_EXAMPLE = re.compile(
    r"(?:e\.\s?g\.|eg:|z\.\s?b\.|p\.\s?ex\.|ex\.:|ex:|p\.\s?ej\.|ej\.:|例[:：如]|例えば|például|np\.)\s*.*", re.IGNORECASE
)


def is_placeholder(text: str) -> bool:
    """Whether a text stands in the place of a name."""
    shown = strip(text)
    return bool(_BRACKETED.fullmatch(shown) or _WORDS.fullmatch(shown) or (_TOTAL.fullmatch(shown) and " " not in shown))


def is_example(text: str) -> bool:
    """Whether a cell shows how it is to be filled in: `e.g. 10.0.0.1`."""
    return _EXAMPLE.fullmatch(strip(text)) is not None


def is_total(name: str) -> bool:
    """Whether the name of a row that says nothing else of a server is that of a sum: `Grand Total`, `Summe: 12`, `合计`."""
    return _TOTAL.fullmatch(strip(name)) is not None


def is_note(name: str, row: Sequence[object]) -> bool:
    """Whether a row is a line of text: a note below the table, a title within it (`Wave 2`). It stands alone and is no name."""
    filled = [cell for cell in row if cell not in ("", None) and strip(show(cell))]
    return len(filled) == 1 and _NOTE.fullmatch(strip(name)) is not None


def is_doubtful(cell: object) -> bool:
    """Whether a spreadsheet made something else of a name, or several names stand in one cell."""
    if isinstance(cell, date | time | timedelta | bool):
        return True
    if isinstance(cell, float):
        return not cell.is_integer() or abs(cell) >= _MOST_EXACT
    return isinstance(cell, str) and _DOUBTFUL.search(strip(cell)) is not None


def is_header_again(name: str, header: str) -> bool:
    """Whether a row repeats the header, as a list does that was printed page by page."""
    return bool(header) and header_key(name) == header_key(header)
