"""Listings: pages, filters, order, counts, and the pages of single things."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.fleet import Fleet, SourceServer
from flows.simulator.states import State
from tests.flows.simulator.inmemory import InMemory


@given(st.integers(0, 25), st.integers(1, 9), st.sampled_from(["newest", "oldest"]))
def test_pages_together_are_everything(tasks: int, limit: int, order: str) -> None:
    """Whatever the page size, every task comes once, in order, and count is the whole each time."""
    box = InMemory(list_order=order)
    made = [box.create(f"s-{number}", f"v-{number}") for number in range(tasks)]
    pages = [box.json("GET", f"/v3/tasks?limit={limit}&offset={offset}") for offset in range(0, tasks + limit, limit)]
    seen = [task["id"] for page in pages for task in page["tasks"]]
    assert seen == (made if order == "oldest" else made[::-1])
    assert {page["count"] for page in pages} == {tasks}


def test_limits_are_the_pages() -> None:
    """100 by default and for 0, 200 at most; beyond is refused."""
    box = InMemory()
    for number in range(201):
        box.create(f"s-{number}", f"v-{number}")
    assert [len(box.listed(query)) for query in ("", "limit=0", "limit=200", "limit=200&offset=200")] == [100, 100, 200, 1]
    for query in ("limit=201", "limit=-1", "limit=x", "offset=65536", "offset=1.5"):
        assert box.code("GET", f"/v3/tasks?{query}") == "SMS.9001"


def test_filters_narrow_the_count_too() -> None:
    """By source, id, state, and a part of the name."""
    box = InMemory()
    first = box.create("s-1", "v-1", name="web-01")
    second = box.create("s-2", "v-2", name="web-012")
    assert box.listed("source_server_id=s-1") == [first]
    assert box.listed("source_server_id=s-3") == []
    assert box.listed(f"id={second}") == [second]
    assert box.listed("name=web-01") == [second, first]
    assert (box.listed("state=RUNNING"), box.json("GET", "/v3/tasks?state=RUNNING")["count"]) == ([], 0)


def test_rows_shift_while_pages_are_read() -> None:
    """Newest first, a task made between two pages brings the last row of the first page again."""
    box = InMemory()
    made = [box.create(f"s-{number}", f"v-{number}") for number in range(4)]
    first = box.listed("limit=2&offset=0")
    box.create("s-new", "v-new")
    assert (first, box.listed("limit=2&offset=2")) == ([made[3], made[2]], [made[2], made[1]])


def test_a_listing_entry_is_fresh_after_each_change() -> None:
    """What the listing keeps ready is dropped when the task changes."""
    box = InMemory()
    path = f"/v3/tasks/{box.create()}"
    box.listed()
    box.json("PUT", path, {"name": "renamed"})
    box.json("POST", f"{path}/action", {"operation": "start"})
    (entry,) = box.json("GET", "/v3/tasks")["tasks"]
    assert (entry["name"], entry["state"], entry["source_server"]["state"]) == ("renamed", "RUNNING", "replicate")


def test_sources_are_listed_without_disks_and_shown_with_them() -> None:
    """Filters by name and address; 404 for one that there is not."""
    box = InMemory(Fleet([SourceServer("s-1", "web-01", "10.0.0.1"), SourceServer("s-2", "db-01", "10.0.0.2", connected=False)]))
    listing = box.json("GET", "/v3/sources?name=web")
    assert (listing["count"], listing["source_servers"][0]["id"]) == (1, "s-1")
    assert "disks" not in listing["source_servers"][0]
    shown = box.json("GET", "/v3/sources/s-1")
    assert [disk["name"] for disk in shown["init_target_server"]["disks"]] == [disk["name"] for disk in shown["disks"]]
    assert box.json("GET", "/v3/sources?ip=10.0.0.2")["source_servers"][0]["state"] == "unavailable"
    assert box.call("GET", "/v3/sources/s-3").status == 404


def test_the_overview_counts_sources_by_state() -> None:
    """Sources without a task are unconfigured."""
    box = InMemory(Fleet([SourceServer(f"s-{number}", f"web-{number}") for number in range(3)]))
    box.create("s-1")
    overview = box.json("GET", "/v3/sources/overview")
    assert (overview["unconfigured"], overview["waiting"], len(overview)) == (2, 1, 14)


def test_failed_tasks_are_told_by_the_errors_page() -> None:
    """Its offset is mandatory."""
    box = InMemory()
    task = box.simulator.service.task(box.create())
    box.simulator.service.set_state(task, State.MIGRATE_FAIL)
    assert box.code("GET", "/v3/errors") == "SMS.9001"
    assert box.json("GET", "/v3/errors?offset=0")["migration_errors"][0]["source_id"] == "s-1"


def test_speed_rules_are_kept_and_bounded() -> None:
    """Five rules at most, 1,000 Mbit/s at most, times that exist."""
    box = InMemory()
    path = f"/v3/tasks/{box.create()}/speed-limit"
    rule = {"start": "08:00", "end": "18:30", "speed": 100}
    box.json("POST", path, {"speed_limit": [rule]})
    assert box.json("GET", path)["speed_limit"] == [rule]
    for wrong in ([rule] * 6, [{**rule, "speed": 1001}], [{**rule, "end": "25:00"}], "x"):
        assert box.code("POST", path, {"speed_limit": wrong}) == "SMS.9001"


@pytest.mark.parametrize("path", ["/v3/tasks/x/unlock", "/v3/nothing", "/", "/v3/tasks/"])
def test_what_is_not_published_is_the_gateways_404(path: str) -> None:
    """APIGW.0101, in the gateway's shape."""
    answer = InMemory().call("POST", path)
    assert (answer.status, json.loads(answer.body)["error_code"]) == (404, "APIGW.0101")


def test_templates_are_listed_shown_and_made() -> None:
    """A fleet's templates exist, and those made since."""
    box = InMemory(Fleet([], set(), {"tpl-1"}))
    made = box.json("POST", "/v3/vm/templates", {"template": {"name": "new"}})["id"]
    assert {each["id"] for each in box.json("GET", "/v3/vm/templates")["templates"]} == {"tpl-1", made}
    assert box.json("GET", "/v3/vm/templates/tpl-1")["template"]["is_template"] == "true"
    assert box.code("GET", "/v3/vm/templates/tpl-2") == "SMS.7101"
    assert "mainRegion" in box.json("GET", "/v3/config")["config"]
