"""Every module can be imported first, without a warning, and none loads what its place in the house forbids."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows import submission

ROOT = Path(__file__).resolve().parent.parent

_EACH_ALONE = """
import importlib, sys, warnings
import prefect, sqlalchemy.ext.asyncio, httpx_aiohttp, pandas, openpyxl, typer, uvicorn, starlette.applications
ours = lambda: [name for name in sys.modules if name.partition(".")[0] in ("flows", "inventory")]
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "Type 'SmsCredentials'")  # Prefect remembers a block's class, which each import makes anew
for module in sys.argv[1:]:
    for name in ours():
        del sys.modules[name]
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


def printed(code: str, names: list[str]) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *names]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_engines_map_names_each_of_its_modules() -> None:
    """Whoever looks for the place of something begins there."""
    named = re.findall(r"`(\w+)`", submission.__doc__ or "")
    assert sorted(f"flows.submission.{name}" for name in named) == modules("flows.submission")[1:]


def test_every_module_imports_alone() -> None:
    """No module needs another one to be imported before it, and none warns."""
    assert printed(_EACH_ALONE, [*modules("inventory"), *modules("flows")]) == ""


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("inventory", {"flows", "prefect", "httpx", "aiohttp", "sqlalchemy", "typer", "rich"}),
        ("flows.sms", {"prefect", "sqlalchemy", "pandas", "openpyxl", "typer"}),
        ("flows.submission", {"prefect", "openpyxl", "typer"}),
        ("flows.simulator", {"prefect", "httpx", "aiohttp", "sqlalchemy", "typer"}),
    ],
)
def test_package_loads_nothing_forbidden(package: str, forbidden: set[str]) -> None:
    """Importing the whole of a package loads none of what it must know nothing of."""
    assert set(printed(_TOGETHER, modules(package)).split()) & forbidden == set()
