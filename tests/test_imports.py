"""Every module can be imported first, without a warning, and none loads what its place in the house forbids."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows import submission

ROOT = Path(__file__).resolve().parent.parent

_OF_OTHERS = """
import prefect, sqlalchemy.ext.asyncio, httpx_aiohttp, pandas, openpyxl, typer, uvicorn, starlette.applications
"""

_IN_A_CIRCLE = """
import builtins, importlib.util, sys, warnings
warnings.simplefilter("error")
load = builtins.__import__
is_ours = lambda name: name.partition(".")[0] in ("flows", "inventory")

def watched(name, globals=None, locals=None, fromlist=(), level=0):
    found = load(name, globals, locals, fromlist, level)
    importer = (globals or {}).get("__name__", "")
    full = importlib.util.resolve_name("." * level + name, importer) if level else name
    for wanted in (full, *(f"{full}.{each}" for each in fromlist or ())):
        spec = getattr(sys.modules.get(wanted), "__spec__", None)
        if is_ours(importer) and is_ours(wanted) and getattr(spec, "_initializing", False):
            print(f"{importer} needs {wanted}, which needs it")
    return found

builtins.__import__ = watched
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except BaseException as error:
        print(f"{module}: {type(error).__name__}: {error}")
"""

_TOGETHER = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def modules(package: str) -> list[str]:
    """Every module of a package, by its dotted name; `__main__` runs on import and is left out."""
    paths = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not name.endswith("__main__")]


def printed(code: str, names: list[str], folder: Path = ROOT) -> str:
    """What a fresh interpreter prints, that has the packages of this folder."""
    command = [sys.executable, "-c", code, *names]
    paths = {**os.environ, "PYTHONPATH": str(folder)}
    ended = subprocess.run(command, cwd=folder, env=paths, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_engines_map_names_each_of_its_modules() -> None:
    """Whoever looks for the place of something begins there."""
    named = re.findall(r"`(\w+)`", submission.__doc__ or "")
    assert sorted(f"flows.submission.{name}" for name in named) == modules("flows.submission")[1:]


def test_every_module_imports_alone() -> None:
    """Whichever is imported first: no two need each other, and none warns."""
    assert printed(_OF_OTHERS + _IN_A_CIRCLE, [*modules("inventory"), *modules("flows")]) == ""


def test_a_circle_is_seen(tmp_path: Path) -> None:
    """Two modules that need each other, of which one happens to be imported first."""
    (tmp_path / "flows").mkdir()
    for name, text in (("__init__", ""), ("one", "import flows.two"), ("two", "from flows import one")):
        (tmp_path / "flows" / f"{name}.py").write_text(text)
    assert printed(_IN_A_CIRCLE, ["flows.one"], tmp_path) == "flows.two needs flows.one, which needs it\n"


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("inventory", {"flows", "prefect", "httpx", "aiohttp", "sqlalchemy", "typer", "rich"}),
        ("flows.sms", {"prefect", "sqlalchemy", "pandas", "openpyxl", "typer"}),
        ("flows.submission", {"prefect", "openpyxl", "typer"}),
        ("flows.tracking", {"prefect", "openpyxl", "typer", "rich"}),
        ("flows.simulator", {"prefect", "httpx", "aiohttp", "sqlalchemy", "typer"}),
    ],
)
def test_package_loads_nothing_forbidden(package: str, forbidden: set[str]) -> None:
    """Importing the whole of a package loads none of what it must know nothing of."""
    assert set(printed(_TOGETHER, modules(package)).split()) & forbidden == set()
