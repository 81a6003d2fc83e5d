"""docker-compose.yml and the Dockerfile: whole, locked down, and what the service itself accepts.

No engine runs here: that containers start is not shown. That their processes do is (`test_procfile.py`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import api_settings_from
from identity.environment import SECRETS
from identity.settings import job_settings_from, settings_from
from stewardship.settings import screen_settings_from

from .alike import IMAGE, ROOT, compose, environment_of, procfile, services
from .evidence import composers

TOP = {"services", "secrets", "volumes"}
KNOWN = set(
    "build cap_drop command cpus depends_on entrypoint environment healthcheck image logging mem_limit network_mode"
    " pids_limit ports profiles read_only restart secrets security_opt shm_size stop_grace_period stop_signal tmpfs"
    " user volumes".split()
)
"""The keys of a service in use here, each of them one of the compose specification: others are a slip."""
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
ALL = dict(services())
OURS = dict(services(ours=True))
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|PASS\b")


def test_every_container_has_its_line_in_the_procfile_and_the_other_way_round() -> None:
    assert {name: service["command"] for name, service in OURS.items()} == procfile()


def test_the_procfile_is_one() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "honcho", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert all(name in said.stderr + said.stdout for name in procfile())


def test_the_file_says_nothing_that_compose_does_not_know() -> None:
    told = compose()
    assert {name for name in told if not name.startswith("x-")} == TOP
    assert {key for service in ALL.values() for key in service} <= KNOWN
    checks = {key for service in ALL.values() for key in service["healthcheck"]}
    assert checks <= {"test", "interval", "timeout", "start_period", "retries", "disable"}


def test_whatever_is_named_is_there_and_used() -> None:
    told = compose()
    volumes = {mount.partition(":")[0] for service in ALL.values() for mount in service.get("volumes", ())}
    assert {name for name in volumes if not name.startswith("./")} == set(told["volumes"])
    assert {name for service in ALL.values() for name in service.get("secrets", ())} == set(told["secrets"])
    for service in ALL.values():
        files = [str(value) for name, value in service.get("environment", {}).items() if "FILE" in name]
        wanted = {Path(file).name for file in files if file.startswith("/run/secrets/")}
        assert wanted <= set(service.get("secrets", ()))


def test_who_waits_waits_for_somebody_who_tells() -> None:
    for service in ALL.values():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert "test" in ALL[other]["healthcheck"]
            if how["condition"] == "service_completed_successfully":
                assert ALL[other]["restart"] == "no"
    waiting = {name for name, service in OURS.items() if "migrate" in service["depends_on"]}
    assert waiting == set(OURS) - {"migrate", "loyalty"}, "nobody works on tables that are not there yet"


@pytest.mark.parametrize("name", ALL)
def test_a_container_may_do_no_more_than_it_has_to(name: str) -> None:
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).partition(":")[0] not in ("", "0", "root")
    assert service["tmpfs"]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] in ("unless-stopped", "no")
    assert service["stop_grace_period"]
    assert not {"privileged", "cap_add", "pid", "devices"} & set(service)
    assert "/var/run/docker.sock" not in str(service)


@pytest.mark.parametrize("name", ALL)
def test_a_container_is_one_version_reached_from_this_machine_only_and_says_how_it_is(name: str) -> None:
    service = ALL[name]
    assert re.fullmatch(r"[a-z/-]+:v?\d+(\.\d+)+", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert service["restart"] == "no" or service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", ALL)
def test_no_secret_is_in_the_environment_or_on_a_command_line(name: str) -> None:
    service = ALL[name]
    for variable, value in service.get("environment", {}).items():
        if SECRET.search(variable) and not variable.endswith("_URL"):
            assert re.search(r"FILE$|_SECRETS$", variable), variable
            assert str(value).startswith(("/run/", "/srv/")), variable
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), variable


@pytest.mark.parametrize("name", sorted(set(OURS) - {"loyalty"}))
@pytest.mark.parametrize(
    "given",
    [
        {},
        {
            "IDENTITY_ISSUER": "https://id.example",
            "IDENTITY_JWKS": "https://id.example/keys",
            "IDENTITY_OIDC_ISSUER": "http://127.0.0.1:5556/dex",
            "IDENTITY_LOYALTY_URL": "http://loyalty:8400",
            "IDENTITY_ERP_URL": "https://erp.example",
        },
    ],
    ids=["as shipped", "with systems"],
)
def test_the_service_takes_what_its_containers_are_told(
    name: str, given: Mapping[str, str], tmp_path: Path
) -> None:
    told = environment_of(OURS[name], given)
    for secret in OURS[name]["secrets"]:
        content = f"k1 {'A' * 43}=" if secret == "fields" else f"{secret}/with#signs"
        (tmp_path / secret).write_text(f"{content}\n")
    placed = {key: value.replace("/run/secrets", str(tmp_path)) for key, value in told.items()}
    settings = settings_from(placed)
    assert settings.database_url == (
        "postgresql+psycopg://identity:postgres%2Fwith%23signs@postgres:5432/identity"
    )
    assert settings.delivery.redis_url == "redis://:redis%2Fwith%23signs@redis:6379/0"
    assert settings.index_secret == "index/with#signs"
    assert settings.consumers.loyalty_token == "loyalty/with#signs"
    assert job_settings_from(placed).broker_url == "redis://:redis%2Fwith%23signs@redis:6379/1"
    http = api_settings_from(placed)
    assert (http.mode, http.host) == ("production", "0.0.0.0")
    assert screen_settings_from(placed).oidc is None or given


def test_every_setting_of_the_containers_is_one_of_the_service() -> None:
    code = "".join(
        file.read_text(encoding="utf-8")
        for package in ("identity", "api", "stewardship", "reference_loyalty")
        for file in (ROOT / package).rglob("*.py")
    )
    told = {name for service in OURS.values() for name in service["environment"]}
    lacking = {name for name in told - {"TMPDIR"} if not _read(code, name)}  # which Python reads itself
    assert lacking == set()


def _read(code: str, name: str) -> bool:
    bare = name.removesuffix("_FILE")
    short = bare.removeprefix("IDENTITY_")
    return any(word in code for word in (f'"{name}"', f'"{bare}"', f'"{short}"', f'"{short.lower()}"'))


def test_the_secrets_that_are_made_are_those_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    shutil.copy(ROOT / "ops" / "make-secrets", tmp_path / "ops")
    made = [_made(tmp_path) for _ in range(2)]
    assert made[0] == made[1], "those that are there are left alone"
    assert {f"./secrets/{name}" for name in made[0]} == {
        secret["file"] for secret in compose()["secrets"].values()
    }
    assert len(set(made[0].values())) == len(made[0])
    assert all(len(secret.strip()) >= 43 for secret in made[0].values())
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def _made(folder: Path) -> dict[str, str]:
    subprocess.run([str(folder / "ops" / "make-secrets")], check=True, capture_output=True)
    return {file.name: file.read_text() for file in (folder / "secrets").iterdir() if file.is_file()}


@pytest.mark.compose
def test_compose_reads_the_file_with_every_profile(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    profiles = [f"--profile={name}" for name in sorted(_profiles())]
    found = composers()
    assert found, "docker compose is not installed: `make compose` installs it"
    for command in found:
        said = subprocess.run(
            [*command, *profiles, "config"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr
        assert set(yaml.safe_load(said.stdout)["services"]) == set(ALL)


def _profiles() -> set[str]:
    return {profile for service in ALL.values() for profile in service.get("profiles", ())}


def test_what_is_needed_runs_without_a_profile_and_what_is_tried_only_with_one() -> None:
    always = {name for name, service in ALL.items() if not service.get("profiles")}
    assert always == {"migrate", "api", "relay", "worker", "beat", "postgres", "redis"}
    assert _profiles() == {"loyalty", "erp", "login", "observe", "drops", "consumers"}


def _stages() -> dict[str, str]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    parts = re.split(r"^FROM \S+ AS (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_image_is_made_of_what_the_lock_names_and_of_nothing_to_build_with() -> None:
    stages = _stages()
    assert "--require-hashes --only-binary :all:" in stages["wheels"]
    assert "--require-hashes --only-binary :all:" in stages["tryton"]
    assert list(stages)[-1] == "service", "what is built where nobody names a stage"
    for name in ("service", "erp"):
        final = stages[name]
        users = re.findall(r"^USER (\d+):(\d+)$", final, re.MULTILINE)
        assert users == [("10001", "10001")]
        assert not re.search(r"pip install|build-essential|\bgcc\b|curl|ADD ", final)
        assert "org.opencontainers.image.licenses" in final
    assert re.search(r'^HEALTHCHECK .*CMD \["identity", "alive"', stages["service"], re.MULTILINE)
    python = re.search(r"ARG PYTHON=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert python
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", python[1])


def test_what_the_image_is_made_of_is_let_through_to_whoever_builds_it() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines, "nothing but what is named: secrets and data stay here"
    named = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(
        r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    for path in " ".join(copied).split():
        assert (ROOT / path).exists(), path
        assert any(path == name or path.startswith(f"{name}/") for name in named), path
    packages = set(
        re.findall(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())[0]
        .replace('"', "")
        .split(", ")
    )
    assert packages <= set(" ".join(copied).split())


def test_the_provider_to_try_with_is_the_one_the_screen_comes_back_from() -> None:
    dex: dict[str, Any] = yaml.safe_load((ROOT / "ops" / "dex" / "config.yml").read_text(encoding="utf-8"))
    (client,) = dex["staticClients"]
    told = environment_of(OURS["api"], {"IDENTITY_OIDC_ISSUER": dex["issuer"]})
    assert client["redirectURIs"] == ["http://127.0.0.1:8000/review/oidc/back"]
    secrets = {name: "" for name in told if name.endswith("_FILE")}
    oidc = screen_settings_from({**told, **secrets}).oidc
    assert oidc
    assert (oidc.issuer, oidc.client_id, oidc.client_secret) == (dex["issuer"], client["id"], "")
    assert ALL["login"]["network_mode"] == "service:api"
    assert f"127.0.0.1:{dex['issuer'].split(':')[2].split('/')[0]}:5556" in ALL["api"]["ports"]


def test_our_images_are_of_the_version_of_the_service() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    images = {
        service["image"] for service in ALL.values() if service["image"].startswith("customer-identity")
    }
    assert images == {f"customer-identity:{version[1]}", f"customer-identity-erp:{version[1]}"}
    assert IMAGE.fullmatch(f"customer-identity:{version[1]}")
    assert f"ARG VERSION={version[1]}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_what_runs_what_is_kept_and_what_is_secret_stands_in_the_documentation() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in OURS if f"`{name}`" not in text] == []
    assert [name for name in _profiles() if f"| `{name}` |" not in text] == []
    trials = {"loyalty", "erp", "drops", "prometheus", "grafana"}
    assert [name for name in set(compose()["volumes"]) - trials if f"| `{name}` |" not in text] == []
    assert [name for name in SECRETS if f"`{name}`" not in text] == []
    assert [name for name in compose()["secrets"] if f"`{name}`" not in text] == []
