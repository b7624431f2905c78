"""An empty plan that helps its writer: a guide, every sheet and column with its words and bounds, drop-downs, worked rows.

Decides what the workbook is made of. All of it comes from columns.py and the modules named template_*: sheets (template_sheet.py),
the guide (template_guide.py), worked rows (template_rows.py). Called by template_file.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import Workbook

from inventory.template_forms import FORMS
from inventory.template_guide import add_guide
from inventory.template_rows import worked_rows
from inventory.template_sheet import add_defaults, add_plan_sheet
from inventory.template_style import add_styles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TITLE = "Migration wave plan"


def compose_template(name: str, commands: Sequence[str], now: datetime) -> Workbook:
    """The template as a workbook, to be saved as `name`; `commands` are those that its writer runs next.

    The windows of the worked waves open some weeks after `now`; apart from that and its date of making it is always the same.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    add_styles(book)
    add_guide(book, TITLE, commands)
    rows = worked_rows(now.date())
    for sheet in FORMS:
        title = f"{name} - {sheet}"
        if sheet == "Defaults":
            add_defaults(book, rows[sheet], title)
        else:
            add_plan_sheet(book, sheet, rows.get(sheet, ()), title)
    book.properties.creator = "migration-waves"
    book.properties.title = TITLE
    book.properties.created = book.properties.modified = now.replace(tzinfo=None)
    return book
