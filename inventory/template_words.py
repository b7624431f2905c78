"""What the template says of one column: the note at its header, the message beside a cell that is being filled in, the refusal.

Decides how the words of columns.py are put together, and that they fit what a spreadsheet can show. Called by template_sheet.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.columns import Kind
from inventory.server_checks import MANDATORY
from inventory.template_forms import Need, need_of, others_of

if TYPE_CHECKING:
    from inventory.columns import Column

MESSAGE_LIMIT = 255
"""A spreadsheet shows no more of an input message or a refusal, and takes a longer one for damage."""

TITLE_LIMIT = 32
_ALIASES = 4


def note_for(sheet: str, column: Column) -> str:
    """The note at a column's header: what it means, what to give, whether it is needed, what holds when it is empty."""
    return "\n\n".join([_plain(column.help), "\n".join(_facts(sheet, column))])


def _facts(sheet: str, column: Column) -> list[str]:
    facts = [give(column)]
    match need_of(sheet, column):
        case Need.REQUIRED:
            facts.append("Required in every row.")
        case Need.SHARED:
            facts.append(_where_needed(column))
        case _:
            facts.append(_when_empty(sheet, column))
    if column.aliases:
        facts.append(f"Also understood: {', '.join(column.aliases[:_ALIASES])}")
    return [fact for fact in facts if fact]


def _where_needed(column: Column) -> str:
    if column.name in MANDATORY:
        return "Needed here, in Waves or in Defaults."
    return f"Needed: this or {' or '.join(others_of(column))}."


def _when_empty(sheet: str, column: Column) -> str:
    if not column.inherited:
        return f"When empty: {column.default}." if column.default else "May be empty."
    places = ["its row in Waves, then Defaults"] if sheet == "Servers" else ["Defaults"]
    return f"When empty: {', then '.join([*places, *filter(None, [column.default])])}."


def message_for(column: Column) -> str:
    """The message beside a cell: the column's meaning, as many sentences of it as there is room for, and what to give."""
    end = " ".join(filter(None, [give(column), f"Empty: {column.default}." if column.default else ""]))
    said = ""
    for sentence in _sentences(_plain(column.help)):
        longer = f"{said} {sentence}".strip()
        if len(longer) + 1 + len(end) > MESSAGE_LIMIT:
            break
        said = longer
    return f"{said}\n{end}".strip()


def refusal_for(column: Column) -> str:
    """What a spreadsheet says when it refuses a value, or doubts one."""
    return give(column).removesuffix(".") + (", or leave it empty." if not column.required else ".")


def give(column: Column) -> str:
    """What may be given, as a sentence."""
    return "Give anything." if column.kind in {Kind.NOTE, Kind.ANY} else f"Give {column.bounds}."


def _plain(text: str) -> str:
    return text.replace("`", "")


def _sentences(text: str) -> list[str]:
    *begun, last = text.split(". ")
    return [*(f"{each}." for each in begun), last]
