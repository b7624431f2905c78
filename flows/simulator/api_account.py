"""Everything beside tasks and sources: templates, the configuration page, and as much of IAM as clients need to start.

Each function takes the simulator, the request and the ids of its path. IAM answers in its own shapes (facts 2.1).
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.simulator.answers import Answer, Refusal, iam_error, json_answer
from flows.simulator.request import Request, page

if TYPE_CHECKING:
    from flows.simulator.options import User
    from flows.simulator.simulator import Simulator

PROJECT_ID = "00000000000000000000000000000001"
DOMAIN_ID = "00000000000000000000000000000002"
_WRONG_LOGIN = "The username or password is wrong."


def list_templates(simulator: Simulator, request: Request) -> Answer:
    """GET /v3/vm/templates."""
    query = request.query()
    offset, limit = page(query, 50, 100)
    rows = [_template(simulator, each) for each in simulator.service.fleet.templates() if query.get("id", "") in {"", each}]
    return json_answer({"count": len(rows), "templates": rows[offset : offset + limit]})


def show_template(simulator: Simulator, _request: Request, template_id: str) -> Answer:
    """GET /v3/vm/templates/{id}."""
    if not simulator.service.fleet.has_template(template_id):
        raise Refusal("SMS.7101", f"The template {template_id} cannot be found.")
    return json_answer({"template": _template(simulator, template_id)})


def create_template(simulator: Simulator, request: Request) -> Answer:
    """POST /v3/vm/templates: takes any template that has a name, and keeps its id only."""
    template = request.json_object().get("template")
    if type(template) is not dict or not template.get("name"):
        raise Refusal("SMS.9001", "Invalid parameters.", params=["template.name: is mandatory"])
    template_id = simulator.service.new_id()
    simulator.service.fleet.add_template(template_id)
    return json_answer({"id": template_id})


def show_config(_simulator: Simulator, _request: Request) -> Answer:
    """GET /v3/config."""
    return json_answer({"config": {"mainRegion": "ap-southeast-3"}, "regions": [{"id": "ap-southeast-3"}, {"id": "la-north-2"}]})


def issue_token(simulator: Simulator, request: Request) -> Answer:
    """POST /v3/auth/tokens: 201 with the token in X-Subject-Token; 400 for a body that is no login, 401 for a wrong one."""
    try:
        auth = request.json_object()["auth"]
        login = auth["identity"]["password"]["user"]
        name, password, domain = str(login["name"]), str(login["password"]), str(login["domain"]["name"])
        scope = auth.get("scope") or {}
        fits = auth["identity"]["methods"] == ["password"] and len(scope.keys() & {"project", "domain"}) == 1
    except (Refusal, KeyError, TypeError, AttributeError):
        return iam_error(400, "Bad Request", "Request body is invalid.")
    if not fits:
        return iam_error(400, "Bad Request", "Request parameter 'scope' or 'methods' is invalid.")
    user = _find_user(simulator.options.users, name, password, domain)
    if user is None:
        return iam_error(401, "Unauthorized", _WRONG_LOGIN)
    token, expires_at = simulator.authenticator.issue(user)
    value = {
        "token": {
            "expires_at": _iso(expires_at),
            "issued_at": _iso(simulator.service.clock()),
            "methods": ["password"],
            "user": {"name": user.name, "domain": {"name": user.domain, "id": DOMAIN_ID}},
            "project": {"id": PROJECT_ID, "name": "ap-southeast-3", "domain": {"name": user.domain, "id": DOMAIN_ID}},
        }
    }
    return json_answer(value, 201, ((b"x-subject-token", token.encode()),))


def list_projects(_simulator: Simulator, request: Request) -> Answer:
    """GET /v3/projects?name=: one project of whatever region is asked for, so that a client's look-up finds exactly one."""
    name = request.query().get("name") or "ap-southeast-3"
    project = {"id": PROJECT_ID, "name": name, "domain_id": DOMAIN_ID, "enabled": True, "is_domain": False, "parent_id": DOMAIN_ID}
    return json_answer({"projects": [project], "links": {}})


def list_domains(_simulator: Simulator, _request: Request) -> Answer:
    """GET /v3/auth/domains: the one account there is."""
    return json_answer({"domains": [{"id": DOMAIN_ID, "name": "example-domain", "enabled": True}], "links": {}})


def _find_user(users: tuple[User, ...], name: str, password: str, domain: str) -> User | None:
    for user in users:
        if (user.name, user.domain) == (name, domain) and hmac.compare_digest(user.password.encode(), password.encode()):
            return user
    return None


def _template(simulator: Simulator, template_id: str) -> dict[str, Any]:
    # `is_template` is a boolean in requests and a text in answers, `disk` a list in the singular (contradiction 25).
    return {
        "id": template_id,
        "name": template_id,
        "is_template": "true",
        "region": "ap-southeast-3",
        "projectid": PROJECT_ID,
        "target_server_name": "",
        "availability_zone": "",
        "volumetype": "SAS",
        "flavor": "",
        "nics": [],
        "security_groups": [],
        "disk": [],
        **simulator.service.fleet.template_fields(template_id),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
