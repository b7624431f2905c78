"""Whether the body of POST /v3/tasks may become a task: the page's tables, then the service's own rules.

Decides by the body alone (and the source's disks, when known); what exists and what is bound already is core.py's. Every rule
without a table, and every contradiction of facts 5.2, stands here with its number. Called by api_tasks.py.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from flows.simulator.answers import Refusal
from flows.simulator.checking import Found, Problem, compile_tables

if TYPE_CHECKING:
    from flows.simulator.fleet import SourceServer
    from flows.simulator.options import SimulatorOptions

_NAME = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9_-]*")
_SHORT_NAME = range(4, 21)
_NO_NUMBER = "not a JSON number"

MESSAGES = {
    "SMS.6030": "The source server ID is illegal.",
    "SMS.6031": "The target server is missing.",
    "SMS.6032": "The target server ID is missing.",
    "SMS.6033": "The disk information is missing.",
    "SMS.6539": "The target disk is too small.",
    "SMS.6601": "The OS type is invalid.",
    "SMS.6602": "The floating IP address is invalid.",
    "SMS.6610": "The migration type does not match the OS type.",
    "SMS.6614": "The disk is smaller than its partitions.",
    "SMS.7711": "The task name is illegal.",
    "SMS.7712": "The task type is illegal.",
    "SMS.9001": "Invalid parameters.",
}


class Validator:
    """Checks bodies by the options: strict by the page, or lenient as the SDK."""

    def __init__(self, options: SimulatorOptions) -> None:
        self._options = options
        self._table = compile_tables(lenient=options.lenient)["PostTask"]

    def read(self, body: bytes) -> tuple[dict[str, Any], list[str]]:
        """The request in a body, and its unknown keys, which are accepted (contradiction 1). Raises Refusal with all problems."""
        found = Found()
        request = read_json(body)
        self._table.check(request, "", found)
        if not found.problems:
            self._check_rules(request, found)
        if found.problems:
            raise _refusal(found.problems)
        return request, found.unknown

    def check_against(self, request: dict[str, Any], source: SourceServer) -> None:
        """Check a request against what SMS knows of its source. Raises Refusal: SMS.6601 another OS, SMS.6539 a disk too small."""
        if not source.judged:
            return
        found = Found()
        if source.os_type and request["os_type"] != source.os_type:
            found.problems.append(Problem("os_type", f"the source server runs {source.os_type}", "SMS.6601"))
        kept = "size" if request["type"] == "MIGRATE_BLOCK" else "used_size"
        needed = {disk["name"]: disk.get(kept) or 0 for disk in source.layout.disks}
        for index, disk in enumerate(request["target_server"].get("disks") or ()):
            size, least = disk.get("size"), needed.get(disk.get("name"), 0)
            if size is not None and size < least:
                path = f"target_server.disks[{index}].size"
                found.problems.append(Problem(path, f"{size} is less than the source disk's {kept} {least}", "SMS.6539"))
        if found.problems:
            raise _refusal(found.problems)

    def _check_rules(self, request: dict[str, Any], found: Found) -> None:
        self._check_name(request["name"], found)
        if not request["source_server"]["id"].strip():
            found.problems.append(Problem("source_server.id", "is empty", "SMS.6030"))
        if request["os_type"] == "WINDOWS" and request["type"] == "MIGRATE_FILE":
            found.problems.append(Problem("type", "a Windows server migrates by block only", "SMS.6610"))
        self._check_target(request, found)
        self._check_address(request, found)
        for index, disk in enumerate(request["target_server"].get("disks") or ()):
            _check_disk(disk, f"target_server.disks[{index}]", found)

    def _check_name(self, name: str, found: Found) -> None:
        if not is_legal_name(name):
            found.problems.append(Problem("name", "may have Chinese characters, letters, digits, _ and - only", "SMS.7711"))
        elif self._options.strict_names and len(name) not in _SHORT_NAME:
            found.problems.append(Problem("name", "must have 4 to 20 characters", "SMS.7711"))

    def _check_target(self, request: dict[str, Any], found: Found) -> None:
        target, templated = request["target_server"], bool(request.get("vm_template_id"))
        if not target.get("vm_id") and not templated:
            found.problems.append(Problem("target_server.vm_id", "is mandatory without vm_template_id", "SMS.6032"))
        # A well-known client leaves the name out in template mode, and was served (contradiction 4): lenient allows it.
        if target.get("name") is None and not (templated and self._options.lenient):
            found.problems.append(Problem("target_server.name", "is mandatory", "SMS.9001"))

    def _check_address(self, request: dict[str, Any], found: Found) -> None:
        text = request.get("migration_ip")
        if not text:
            return
        version = 6 if request.get("use_ipv6") else 4
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            address = None
        if address is None or address.version != version:
            found.problems.append(Problem("migration_ip", f"must be an IPv{version} address", "SMS.9001"))
        elif self._options.check_floating_ip and address.is_private and request.get("use_public_ip", True):
            # The page's own example sends a private address with use_public_ip true (contradiction 7), so this rule is optional.
            found.problems.append(Problem("migration_ip", "is not a public address, and use_public_ip is true", "SMS.6602"))


def is_legal_name(name: str) -> bool:
    """Whether a task's name is made of Chinese characters, letters, digits, _ and - alone."""
    return _NAME.fullmatch(name) is not None


def read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A request's JSON. Raises Refusal SMS.9001 when it is none, or holds NaN or Infinity, which JSON has not."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text, and nothing could store it
    except (ValueError, RecursionError):
        raise Refusal("SMS.9001", MESSAGES["SMS.9001"], params=["body: is not JSON"]) from None
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError(_NO_NUMBER)


def _check_disk(disk: dict[str, Any], path: str, found: Found) -> None:
    size = disk.get("size")
    if size is None:
        return
    partitions = sum(volume.get("size") or 0 for volume in disk.get("physical_volumes") or ())
    # Never by used_size: the page's own example has a disk that uses less than its partition (contradiction 3).
    if partitions > size:
        found.problems.append(Problem(f"{path}.size", f"{size} is less than its partitions' {partitions}", "SMS.6614"))


def _refusal(problems: list[Problem]) -> Refusal:
    code = problems[0].code
    return Refusal(code, MESSAGES[code], params=[f"{path}: {text}" for path, text, _ in problems])
