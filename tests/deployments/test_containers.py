"""What needs a Docker engine to run is read with care instead: compose file, Dockerfile, the image's lock, prefect.yaml."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from flows.cli.main import make_app
from flows.scheduling.scheduled_flow import FLOWS
from flows.settings import Settings
from flows.simulator.arguments import parse_arguments
from tests.deployments.guide import DOCKER, FOLDER
from tests.waves_process import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("migration-waves")}
KEYS = {
    *("image", "build", "command", "entrypoint", "environment", "volumes", "ports", "depends_on", "healthcheck", "restart"),
    *("profiles", "deploy", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period"),
}
ONE_SHOT = {"deploy", "waves"}
DOCKERFILE = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
STEPS = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]


def example() -> dict[str, str]:
    lines = [line for line in (FOLDER / "env.example").read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.partition("=")[::2] for line in lines)


def test_services_are_what_compose_knows_and_each_other_knows() -> None:
    """Keys by the compose specification, dependencies that can come true, declared volumes, images with a version."""
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        assert re.fullmatch(r"[a-z-]+:[\w.-]+", service["image"]), name
        assert not service["image"].endswith(":latest")
        for other, needs in service.get("depends_on", {}).items():
            healthy, done = needs["condition"] == "service_healthy", needs["condition"] == "service_completed_successfully"
            assert (healthy and "healthcheck" in SERVICES[other]) or (done and other in ONE_SHOT), (name, other)
        named = {volume.partition(":")[0] for volume in service.get("volumes", []) if not volume.startswith((".", "/"))}
        assert named <= set(COMPOSE["volumes"]), name
        mounted = {volume.partition(":")[0] for volume in service.get("volumes", []) if volume.startswith(".")}
        assert all((FOLDER / path).exists() for path in mounted), name
        assert service.get("restart") == "unless-stopped" or name in ONE_SHOT, name


def test_there_are_two_workers_and_a_journal_on_postgresql() -> None:
    """Both write one journal, and have time for their reports when they are told to end."""
    worker = SERVICES["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["environment"]["WAVES_JOURNAL"].startswith("postgresql+asyncpg://waves:")
    assert int(worker["stop_grace_period"].removesuffix("s")) > 30
    assert SERVICES["simulator"]["profiles"] == ["simulator"]


def test_no_secret_stands_in_the_files() -> None:
    """Passwords, keys and what holds them come from `.env`, which has to say them; its example says none."""
    text = (FOLDER / "compose.yaml").read_text()
    asked = dict(re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text))
    assert set(asked) <= set(example())
    for name in ("POSTGRES_PASSWORD", "WAVES_DATABASE_PASSWORD", "PREFECT_AUTH_STRING", "SMS_ENDPOINT"):
        assert asked[name].startswith(":?")
    assert {name for name, value in example().items() if value and re.search("PASSWORD|AK|SK", name)} == set()
    for service in SERVICES.values():
        said = {name: str(value) for name, value in service.get("environment", {}).items()}
        assert all(value.startswith("${") for name, value in said.items() if re.search("PASSWORD$|_[AS]K$|AUTH_STRING$", name))
        assert all(re.search(r":\$\{\w+:\?[^}]*\}@", value) for value in said.values() if "@" in value)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    """No rights, nothing to write but /tmp, home and the plans, an init that passes signals on."""
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"], service["init"]) == (True, ["ALL"], True)
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_commands_in_containers_are_commands() -> None:
    """What a service runs, and what the guide has run in one: commands of `waves`, the simulator's options, services, profiles."""
    commands = {command.name or "" for command in make_app().registered_commands}
    assert SERVICES["deploy"]["command"][0] in commands
    options = parse_arguments(SERVICES["simulator"]["command"])
    assert (options.host, options.port) == ("0.0.0.0", 9099)  # noqa: S104 - in a container
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
    for line in DOCKER:
        words = shlex.split(line)
        if words[0] == "docker":
            assert words[words.index("--file") + 1] == "deployments/compose.yaml"
            assert words[words.index("--profile") + 1] in profiles if "--profile" in words else True
            if "run" in words:
                service, command = words[words.index("--rm") + 1 :][:2]
                assert (service in SERVICES, command in commands) == (True, True), line
        else:
            assert words[:1] == ["cp"]
            assert (ROOT / words[1]).exists()


def test_variables_are_settings() -> None:
    """Each variable is one that `waves` reads, or one that Prefect knows."""
    from prefect.settings.legacy import _get_valid_setting_names
    from prefect.settings.models.root import Settings as PrefectSettings

    ours = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known = _get_valid_setting_names(PrefectSettings)
    more = {"PREFECT_REDIS_MESSAGING_HOST", "PREFECT_REDIS_MESSAGING_PORT", "PREFECT_REDIS_MESSAGING_DB"}
    for name, service in OURS.items():
        for variable in service.get("environment", {}):
            assert variable in ours | known | more, (name, variable)


def test_the_image_is_small_locked_and_nobodys_root() -> None:
    """Two stages on a slim base with a version; everything by hash; at the end a user without rights."""
    images = [words for step, words in STEPS if step == "FROM"]
    assert [bool(re.match(r"python:3\.1[123]-slim-\w+", image)) for image in images] == [True, True]
    last = [step for step, _ in STEPS][max(i for i, (step, _) in enumerate(STEPS) if step == "FROM") :]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert [words for step, words in STEPS if step == "USER"] == ["waves"]
    installs = [words for step, words in STEPS if step == "RUN" and "pip install" in words]
    assert ["--require-hashes" in words or "--no-deps" in words for words in installs] == [True, True]
    assert "ADD" not in {step for step, _ in STEPS}
    copied = {path for step, words in STEPS if step == "COPY" and "--from" not in words for path in words.split()[:-1]}
    allowed = {
        line.removeprefix("!") for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert copied == allowed
    assert all((ROOT / path).exists() for path in copied)


def test_the_images_lock_is_the_tested_one() -> None:
    """Every version in it that `requirements.lock` has, too, is the same; no tool of the tests is in it; each has its hashes."""
    image, tested = (pins(path) for path in (FOLDER / "requirements.lock", ROOT / "requirements.lock"))
    assert {name: version for name, version in image.items() if tested.get(name, version) != version} == {}
    assert {"prefect", "asyncpg", "s3fs", "prefect-redis", "hatchling"} <= set(image)
    assert {"pytest", "ruff", "mypy", "hypothesis", "huaweicloudsdksms"} & set(image) == set()
    assert (FOLDER / "requirements.lock").read_text().count("--hash=sha256:") >= len(image)


def pins(path: Any) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", path.read_text(), re.MULTILINE))


def test_prefect_yaml_has_every_flow() -> None:
    """One deployment of each flow that `waves deploy` makes, at the same place, with the same words."""
    described = yaml.safe_load((FOLDER / "prefect.yaml").read_text())["deployments"]
    assert [(one["entrypoint"], one["description"], one["name"]) for one in described] == [
        (f"{flow.module}.{flow.function}", flow.what, "pool") for flow in FLOWS
    ]
    assert all(one["tags"] == ["migration-waves"] and one["work_pool"] == {"name": "waves"} for one in described)
