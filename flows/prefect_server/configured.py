"""Which Prefect API, home and port are configured, read as Prefect reads them but without importing Prefect (0.8 s).

Decides nothing and asks nobody. The order is Prefect's own: environment, `.env`, `prefect.toml`, `pyproject.toml`, the active
profile. A file that cannot be read counts as absent here; Prefect itself says what is wrong with it. Called by attach.py.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEFAULT_PORT = 4200


@dataclass(frozen=True, slots=True)
class Configured:
    """What is configured: `api_url` is empty where none is; `home` is Prefect's folder; `port` a local server's."""

    api_url: str
    home: Path
    port: int
    has_database: bool
    """Whether a database other than `home`'s prefect.db is named."""


def read_configured(folder: Path | None = None) -> Configured:
    """What Prefect is told in this process: its environment, and the files in `folder` (the working folder)."""
    folder = folder or Path()
    layers = [dict(os.environ), _dotenv(folder / ".env"), _toml(folder)]
    home = Path(_first(layers, "PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    layers.append(_profile(layers, home))
    port = _first(layers, "PREFECT_SERVER_API_PORT")
    database = _first(layers, "PREFECT_SERVER_DATABASE_CONNECTION_URL") or _first(layers, "PREFECT_API_DATABASE_CONNECTION_URL")
    return Configured(
        api_url=_first(layers, "PREFECT_API_URL").rstrip("/"),
        home=home,
        port=int(port) if port.isdecimal() else _DEFAULT_PORT,
        has_database=bool(database),
    )


def _first(layers: list[dict[str, str]], name: str) -> str:
    return next((layer[name] for layer in layers if layer.get(name)), "")


def _dotenv(path: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _text(path).splitlines() if not line.lstrip().startswith("#"))
    return {name.removeprefix("export ").strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _toml(folder: Path) -> dict[str, str]:
    """The few settings that count here, from `prefect.toml` or the `tool.prefect` table, by their environment names."""
    found: dict[str, str] = {}
    for table in (_parsed(folder / "pyproject.toml").get("tool", {}).get("prefect", {}), _parsed(folder / "prefect.toml")):
        for name, path in _PATHS.items():
            value = _at(table, path)
            if value:
                found[name] = value
    return found


_PATHS = {
    "PREFECT_API_URL": ("api", "url"),
    "PREFECT_HOME": ("home",),
    "PREFECT_PROFILES_PATH": ("profiles_path",),
    "PREFECT_SERVER_API_PORT": ("server", "api", "port"),
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": ("server", "database", "connection_url"),
}


def _at(table: Any, path: tuple[str, ...]) -> str:  # noqa: ANN401 - a TOML value
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    return "" if table is None else str(table)


def _profile(layers: list[dict[str, str]], home: Path) -> dict[str, str]:
    path = Path(_first(layers, "PREFECT_PROFILES_PATH") or home / "profiles.toml")
    table = _parsed(path)
    name = _first(layers, "PREFECT_PROFILE") or str(table.get("active", ""))
    profile = table.get("profiles", {}).get(name, {})
    return {key: str(value) for key, value in profile.items()} if isinstance(profile, dict) else {}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
