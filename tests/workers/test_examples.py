"""The files that run workers: each is read as the program reads it that they are for."""

import asyncio
import configparser
import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agencia_async import AsyncClient, RedisRateLimit
from agencia_async._client.profiles import read_profile
from agencia_async.sandbox import Panel
from agencia_async.workers import register
from tests.support.redis_server import Server

from .scene import made, running

EXAMPLES = Path(__file__).parents[2] / "docs/examples/many_machines"
START = ["streaq", "run", "jobs:worker"]


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def documents(name: str) -> list[dict[str, Any]]:
    return list(import_module("yaml").safe_load_all(text(name)))


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a module
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.delitem(sys.modules, "jobs", raising=False)
    return import_module("jobs")


def test_the_time_outs_are_longer_than_a_worker_waits(jobs: Any) -> None:  # noqa: ANN401
    options = jobs.worker._redis.connection_pool.connection_kwargs  # noqa: SLF001 - nobody else knows
    assert options["connect_timeout"] > 0
    assert jobs.worker.idle_timeout == jobs.IDLE * 1000
    assert jobs.IDLE < options["stream_timeout"] < options["max_idle_time"]


def test_a_configuration_names_no_key_and_a_shared_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_CONFIG", str(EXAMPLES / "config.toml"))
    name, _, key = text("keys.env").strip().partition("=")
    monkeypatch.setenv(name, key)
    profile = read_profile("north")
    assert profile.key() == key
    assert profile.options({})["rate_limit"] == RedisRateLimit("redis://queue:6379/1", 60, per=60)
    assert repr(AsyncClient.from_profile("north")) == "<AsyncClient of https://north.example/api/v2>"
    assert tomllib.loads(text("config.toml"))["profiles"].keys() == {"north"}


def test_the_unit_of_systemd(jobs: Any) -> None:  # noqa: ANN401
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text("agencia-worker.service"))
    service = unit["Service"]
    assert service["ExecStart"].split()[1:] == START[1:]
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > jobs.worker.grace_period
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_file_of_docker_compose(jobs: Any) -> None:  # noqa: ANN401
    (compose,) = documents("compose.yaml")
    queue, worker = compose["services"]["queue"], compose["services"]["worker"]
    assert queue["command"] == ["redis-server", "--appendonly", "yes"]
    assert {queue["restart"], worker["restart"]} == {"unless-stopped"}
    assert worker["depends_on"] == ["queue"]
    assert int(worker["stop_grace_period"].removesuffix("s")) > jobs.worker.grace_period
    assert (EXAMPLES / worker["env_file"]).exists()
    assert worker["volumes"] == [f"./config.toml:{worker['environment']['AGENCIA_CONFIG']}:ro"]
    *_, start = text("Dockerfile").strip().splitlines()
    assert json.loads(start.removeprefix("CMD ")) == START
    assert text("requirements.txt") == "./agencia-async[workers]\n"


def test_the_objects_of_kubernetes(jobs: Any) -> None:  # noqa: ANN401
    deployment, stateful, service = documents("kubernetes.yaml")
    assert [each["kind"] for each in (deployment, stateful, service)] == [
        "Deployment",
        "StatefulSet",
        "Service",
    ]
    for each in (deployment, stateful):
        spec = each["spec"]
        assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == stateful["spec"]["selector"]["matchLabels"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"] == START
    assert pod["terminationGracePeriodSeconds"] > jobs.worker.grace_period
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    values = {each["name"]: each["value"] for each in container["env"]}
    assert values["AGENCIA_CONFIG"] == f"{mount['mountPath']}/config.toml"


async def test_who_asks_gets_a_line_for_each_id(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(3)
    worker = made(server.url)
    register(worker)

    def ask() -> str:
        lines = "".join(f"{each}\n" for each in ids)
        return subprocess.run(  # noqa: S603 - our own
            [sys.executable, str(EXAMPLES / "jobs.py"), "north"],
            input=lines,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"QUEUE_URL": server.url},
        ).stdout

    async with running(worker):
        told = await asyncio.to_thread(ask)
    items = [json.loads(line) for line in told.splitlines()]
    assert [(item["id"], item["ok"]) for item in items] == [(str(each), True) for each in ids]
