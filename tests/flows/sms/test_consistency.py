"""What a consistency check found, in every shape in which SMS has been seen to tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.consistency import ConsistencyResult, latest_of


def check(finished: int, *lines: tuple[int, int, int, int]) -> dict[str, Any]:
    names = ("num_total_files", "num_different_files", "num_target_miss_files", "num_target_more_files")
    told = [{"dir_check": f"/{place}", **dict(zip(names, line, strict=True))} for place, line in enumerate(lines)]
    return {"finished_time": finished, "check_result": "SUCCESS", "consistency_result": told}


def test_the_latest_check_counts_with_all_its_directories() -> None:
    results = [check(2000, (10, 1, 2, 3), (20, 0, 1, 0)), check(1000, (10, 9, 9, 9))]
    assert latest_of(results) == ConsistencyResult(2.0, 30, 1, 3, 3)


def test_a_result_may_be_json_in_a_text() -> None:
    assert latest_of([json.dumps(check(1000, (5, 0, 0, 0)))]) == ConsistencyResult(1.0, 5, 0, 0, 0)


@pytest.mark.parametrize("results", [[], [None], ["no json"], [{"check_result": "RUNNING"}], [{"consistency_result": None}]])
def test_no_finished_check_is_no_result(results: list[object]) -> None:
    assert latest_of(results) is None


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["finished_time", "consistency_result", "num_total_files", "num_different_files", "x"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(_anything))
def test_nothing_that_sms_may_say_breaks_it(results: list[object]) -> None:
    found = latest_of(results)
    assert found is None or min(found.files, found.different, found.missing, found.more) >= 0
