"""Consistency checks after a copy: one result a check, a line for each directory (facts section 8).

A check is made where the create or an action asked for it (`is_need_consistency_check`), at the end of the full copy and of each
copy that ends a sync or a cutover. The numbers are made up, the same for one seed, source and check. That `check_result` says
SUCCESS where the check was made, whatever it found, is a guess. Called by progress.py.
"""

from __future__ import annotations

import hashlib
from typing import Any


def check_result(seed: int, source_id: str, number: int, directories: list[str], share: float, now: float) -> dict[str, Any]:
    """The result of a task's check number so and so; `share` is how many checks find differences, 0 to 1."""
    differs = _number(seed, source_id, number, "differs") % 10_000 < share * 10_000
    lines = [
        _line(_number(seed, source_id, number, name), name, differs=differs and not place) for place, name in enumerate(directories)
    ]
    return {"finished_time": int(now * 1000), "check_result": "SUCCESS", "consistency_result": lines}


def _line(number: int, name: str, *, differs: bool) -> dict[str, Any]:
    return {
        "dir_check": name,
        "num_total_files": 1000 + number % 200_000,
        "num_different_files": 1 + number % 40 if differs else 0,
        "num_target_miss_files": number // 100 % 10 if differs else 0,
        "num_target_more_files": number // 1000 % 5 if differs else 0,
    }


def _number(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=6).digest(), "big")
