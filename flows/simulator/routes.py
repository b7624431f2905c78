"""Which function answers which method and path, and which permission it needs (facts sections 3 and 4).

One table. What is not in it is not published: the gateway's APIGW.0101 (404). Called by simulator.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flows.simulator import api_account as account
from flows.simulator import api_sources as sources
from flows.simulator import api_tasks as tasks

if TYPE_CHECKING:
    from flows.simulator.answers import Answer

Handler = Callable[..., "Answer"]


class Route(NamedTuple):
    """One published call. `name` is its method and path as documented; `action` the IAM action, empty where none is needed."""

    name: str
    action: str
    handler: Handler
    needs_caller: bool = True


ROUTES = (
    Route("POST /v3/tasks", "sms:server:createTask", tasks.create_task),
    Route("GET /v3/tasks", "sms:server:listTask", tasks.list_tasks),
    Route("GET /v3/tasks/{id}", "sms:server:getTask", tasks.show_task),
    Route("PUT /v3/tasks/{id}", "sms:server:updateTask", tasks.update_task),
    Route("DELETE /v3/tasks/{id}", "sms:server:deleteTask", tasks.delete_task),
    Route("POST /v3/tasks/delete", "sms:server:batchDeleteTask", tasks.delete_tasks),
    Route("POST /v3/tasks/{id}/action", "sms:server:manageTask", tasks.operate_task),
    Route("GET /v3/tasks/{id}/speed-limit", "sms:server:getTaskSpeedLimit", tasks.show_speed_limit),
    Route("POST /v3/tasks/{id}/speed-limit", "sms:server:updateTaskSpeedLimit", tasks.set_speed_limit),
    Route("GET /v3/tasks/{id}/consistency-result", "sms:server:getConsistencyCheckResult", tasks.show_consistency),
    Route("GET /v3/sources", "sms:server:list", sources.list_sources),
    Route("GET /v3/sources/overview", "sms:server:overview", sources.show_overview),
    Route("GET /v3/sources/{id}", "sms:server:get", sources.show_source),
    Route("GET /v3/errors", "sms:server:listErrors", sources.list_errors),
    Route("GET /v3/vm/templates", "sms:template:list", account.list_templates),
    Route("POST /v3/vm/templates", "sms:template:create", account.create_template),
    Route("GET /v3/vm/templates/{id}", "sms:template:get", account.show_template),
    Route("GET /v3/config", "sms::getConfig", account.show_config),
    Route("POST /v3/auth/tokens", "", account.issue_token, needs_caller=False),
    Route("GET /v3/projects", "", account.list_projects),
    Route("GET /v3/auth/domains", "", account.list_domains),
)

_EXACT = {tuple(route.name.split(" ", 1)): route for route in ROUTES if "{" not in route.name}
_PATTERNS = tuple(
    (route.name.split(" ", 1)[0], re.compile(route.name.split(" ", 1)[1].replace("{id}", "([^/]+)")), route)
    for route in ROUTES
    if "{" in route.name
)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a request and the ids in its path; None when it is not published."""
    route = _EXACT.get((method, path))
    if route is not None:
        return route, ()
    for wanted, pattern, each in _PATTERNS:
        match = pattern.fullmatch(path) if wanted == method else None
        if match:
            return each, match.groups()
    return None
