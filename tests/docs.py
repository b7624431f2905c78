"""Write, or check, the parts of README.md and the reference that are derived from the code: commands, columns, codes, settings.

    python -m tests.docs            exit code 1 when a part is stale, with the difference
    python -m tests.docs --write    write them, the pictures, and the JSON Schemas of what `--json` prints

A part stands between `<!-- NAME -->` and `<!-- /NAME -->`; the rest of the file is left alone. `<!-- figures -->` is written by
hand from what `make bench` prints. The picture of a run is written and never compared; that of a row's life is drawn from the code,
and a test compares it.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.cli import exits
from flows.cli.explain_entries import OUTCOMES, entries
from flows.cli.json_schema import schema_text
from flows.cli.main import make_app
from flows.settings import Settings
from flows.simulator.faults import KINDS
from inventory.columns import SHEETS, Kind
from inventory.outcomes import Status
from inventory.template_forms import FORMS
from tests.flows.cli.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flows.cli.explain_entries import Entry
    from inventory.columns import Column

README = Path(__file__).resolve().parent.parent / "README.md"
STALE = "README.md, its reference or its picture is stale: run `make docs` and commit what it writes"


def reference_path() -> Path:
    """Where the docs have every column, code and command."""
    return README.parent / ".docs" / "reference.md"


def schema_path(command: str) -> Path:
    """Where the docs have the JSON Schema of what a command prints with `--json`."""
    return README.parent / ".docs" / f"{command}.schema.json"


def commands() -> str:
    """Every command: what it does, its options, an example to copy."""
    group: Any = typer.main.get_command(make_app())
    return "\n\n".join(_command(name, command) for name, command in group.commands.items())


def _command(name: str, command: Any) -> str:
    said = inspect.cleandoc(command.help or "")
    *paragraphs, example = [" ".join(part.split()) for part in said.split("\n\n")]
    rows = [(_spelling(each), each.help) for each in command.params]
    return "\n\n".join(
        [f"#### `waves {name}`", *paragraphs, f"    {example.removeprefix('Example: ')}", _table(("option", "what it does"), rows)]
    )


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    shown = "" if parameter.is_flag else f" {parameter.metavar}"
    return f"`{parameter.opts[0]}{shown}`"


def sheets() -> str:
    """The sheets of a plan, and what each holds."""
    return _table(("sheet", "what it holds"), [(f"`{name}`", FORMS[name].purpose) for name in SHEETS])


def server_columns() -> str:
    """The columns of `Servers`."""
    return _columns(SHEETS["Servers"])


def other_columns() -> str:
    """The columns of the other sheets, each folded away."""
    return "\n\n".join(
        f"<details><summary><code>{name}</code></summary>\n\n{_columns(columns)}\n\n</details>"
        for name, columns in SHEETS.items()
        if name not in {"Servers", "Defaults"}
    )


def _columns(columns: Sequence[Column]) -> str:
    rows = [(_column_name(each), each.help, _given(each), each.default) for each in columns]
    return _table(("column", "meaning", "give", "when empty"), rows)


def _column_name(column: Column) -> str:
    return f"`{column.name}`" + (" \\*" if column.required else "") + (" ↓" if column.inherited else "")


def _given(column: Column) -> str:
    return "anything" if column.kind in {Kind.NOTE, Kind.ANY} else column.bounds


def statuses() -> str:
    """What a row can end as."""
    rows = [(f"`{each.value}`", each.meaning, "yes" if each.is_done else "no") for each in Status]
    return _table(("status", "what it means", "done"), rows)


def exit_codes() -> str:
    """The exit codes, with the words that stand below each in the code."""
    tree = ast.parse(inspect.getsource(exits.Exit)).body[0]
    assert isinstance(tree, ast.ClassDef)
    rows = []
    for member, words in zip(tree.body[1::2], tree.body[2::2], strict=True):
        assert isinstance(member, ast.Assign)
        assert isinstance(words, ast.Expr)
        rows.append((str(ast.literal_eval(member.value)), ast.literal_eval(words.value)))
    return _table(("exit code", "what it means"), rows)


def settings() -> str:
    """The environment that `waves` reads."""
    rows = [
        (f"`{field.validation_alias}`", str(field.description), _default(field.default)) for field in Settings.model_fields.values()
    ]
    return _table(("variable", "what it is", "when unset"), rows)


def _default(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else ""


def findings() -> str:
    """Every code but the outcomes', which have a table of their own: a group at a time, folded away."""
    told = [entry for entry in entries() if entry.group != OUTCOMES]
    return "\n\n".join(_group(name, list(members)) for name, members in groupby(told, key=lambda entry: entry.group))


def _group(name: str, members: Sequence[Entry]) -> str:
    rows = [(f"`{entry.code}`", entry.weight, entry.title, entry.remedy) for entry in members]
    table = _table(("code", "weight", "what it is", "what to do"), rows)
    return f"<details><summary>{name}: {members[0].code} to {members[-1].code}</summary>\n\n{table}\n\n</details>"


def faults() -> str:
    """The kinds of faults of the simulator."""
    return _table(("fault", "what the client sees"), [(f"`{name}`", meaning) for name, meaning in KINDS.items()])


PARTS: dict[str, Callable[[], str]] = {
    "sheets": sheets,
    "statuses": statuses,
    "exit-codes": exit_codes,
    "settings": settings,
    "faults": faults,
}
"""What README has of the code."""

REFERENCE_PARTS: dict[str, Callable[[], str]] = {
    "server-columns": server_columns,
    "other-columns": other_columns,
    "findings": findings,
    "commands": commands,
}
"""What the reference has of it."""


def renewed(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A document's text with each part written anew. Raises LookupError for a part without its markers."""
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise LookupError(f"there is no part between <!-- {name} --> and <!-- /{name} -->")
        part = f"\n{make()}\n\n"
        text = pattern.sub(lambda found, part=part: f"{found[1]}{part}{found[2]}", text)  # type: ignore[misc]  # a default binds it
    return text


def documents() -> dict[Path, Mapping[str, Callable[[], str]]]:
    """The documents, and what each has of the code."""
    return {README: PARTS, reference_path(): REFERENCE_PARTS}


def difference() -> list[str]:
    """What `--write` would change of the documents, as a unified diff; nothing when nothing."""
    lines: list[str] = []
    for path, parts in documents().items():
        text = path.read_text(encoding="utf-8")
        lines += difflib.unified_diff(
            text.splitlines(), renewed(text, parts).splitlines(), path.name, "as the code says", lineterm="", n=0
        )
    return lines


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *[[_cell(text) for text in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Text for a table: bars and angle brackets mean something there."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main(arguments: Sequence[str]) -> int:
    """Check or write; the exit code."""
    if "--write" in arguments:
        from tests import life_picture, picture

        for path, parts in documents().items():
            path.write_text(renewed(path.read_text(encoding="utf-8"), parts), encoding="utf-8", newline="\n")
        for name, make in SCHEMAS.items():
            schema_path(name).write_text(schema_text(make()), encoding="utf-8", newline="\n")
        life_picture.write()
        picture.write()
        return 0
    if lines := difference():
        print(*lines, STALE, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
