"""docker-compose.yml without a container engine: what it names exists, and it starts what `make run` starts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from fraud_scorer.settings import Settings, load_settings
from fraud_stack import services as stack_services
from fraud_stack.fill_env import SECRETS
from fraud_stack.local_env import write_local_env
from fraud_stack.options import DEFAULT_PORTS, StackOptions

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
Compose = Callable[[Mapping[str, str]], dict[str, Any]]
RAW = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_an_empty_secret_is_refused_by_its_name(compose: Compose, env: dict[str, str]) -> None:
    """`.env.example` itself starts nothing, and each secret that `make env` fills is demanded."""
    for name in SECRETS:
        with pytest.raises(LookupError, match=f"^{name}: it is empty in .env. Run make env"):
            compose(env | {name: ""})


def test_every_variable_is_explained_in_the_example(env: dict[str, str]) -> None:
    """What the file reads stands in `.env.example`; what begins with DOCKER_ there is read here."""
    read = {name for name, _ in re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)(:[-?])?", RAW)}
    assert read <= set(env)
    assert {name for name in env if name.startswith("DOCKER_")} <= read


def test_the_commands_are_those_of_make_run(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Word for word but for what differs in a container: folders, addresses and ports."""
    options = StackOptions(ROOT, tmp_path, endpoint=True)
    local = write_local_env(options)
    ours = stack_services.servers(options, local) | stack_services.jobs(options, local)
    compared = {
        name: services[name]["command"]
        for name in ("migrate", "airflow-api", "airflow-dags", "airflow-scheduler", "airflow-clean", "dashboard",
                     "payments", "history-make", "history-import", "watch")
    }  # fmt: skip
    script = [line.split() for line in services["airflow-migrate"]["command"][-1].splitlines()]
    airflow = [line for line in script if line[0] == "airflow"]
    compared |= dict(zip(("airflow-migrate", "airflow-pools"), airflow, strict=True))
    *endpoint, host, address = services["sagemaker-local"]["command"]  # it listens beyond its container
    assert (host, address) == ("--host", "0.0.0.0")
    compared["endpoint"] = endpoint
    for name, command in compared.items():
        assert [normal(word) for word in command] == [normal(word) for word in ours[name].argv], name
    assert set(ours) - set(compared) == {"mailbox"}


def normal(word: str) -> str:
    """A word of a command without what may differ."""
    if word in {"127.0.0.1", "0.0.0.0"}:
        return "ADDRESS"
    if word.isdigit() and int(word) in DEFAULT_PORTS.values():
        return "PORT"
    return PurePath(word).name


def test_every_program_and_option_exists(services: dict[str, dict[str, Any]]) -> None:
    """`fraud-scorer watch` and the others parse here as they will there."""
    for name, service in services.items():
        command = service.get("command")
        if not command or command[0] == "sh":
            continue
        assert (BIN / command[0]).exists(), name
        if command[0] in {"fraud-scorer", "payments-simulator"}:
            words = command[1:3] if command[:2] == ["fraud-scorer", "history"] else command[1:2]
            done = subprocess.run([BIN / command[0], *words, "--help"], capture_output=True, text=True, check=True)
            assert all(word in done.stdout for word in command if word.startswith("--")), name


def test_the_pipelines_settings_are_settings(
    services: dict[str, dict[str, Any]], env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a filled `.env`, each process of the pipeline has settings that pass, and no unknown name."""
    for service in ("migrate", "watch", "airflow-scheduler", "history-import"):
        assert services[service]["env_file"] == [".env"]
        for name, value in (env | services[service]["environment"]).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        load_settings.cache_clear()
        settings = load_settings()
        assert settings.payments_api_url == "http://payments:8090/current-transactions?start={start}&end={end}"
        assert "@fraud-db:5432/fraud_db" in settings.fraud_db_url.get_secret_value()
        assert (settings.smtp_host, settings.smtp_port) == ("mailbox", Settings.model_fields["smtp_port"].default)
        load_settings.cache_clear()


def test_airflow_is_told_what_make_run_tells_it(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The same names of Airflow's; nothing of `.env`'s Airflow part, written for this machine, gets through."""
    options = StackOptions(ROOT, tmp_path)
    told = stack_services.airflow_environment(options, write_local_env(options))
    wanted = {name for name in told if name.startswith("AIRFLOW__")}
    wanted |= {name for name in dotenv_values(ROOT / "airflow/.env.example") if name.startswith("AIRFLOW__")}
    for service in ("airflow-migrate", "airflow-api", "airflow-dags", "airflow-scheduler", "airflow-clean"):
        set_here = {name for name in services[service]["environment"] if name.startswith("AIRFLOW__")}
        assert set_here == wanted | {"AIRFLOW__API__HOST"}


def test_the_dashboard_gets_its_settings_and_no_secret_but_its_own(services: dict[str, dict[str, Any]]) -> None:
    """Every name it reads and no other; who may see it without a sign-in follows the published address."""
    given = services["dashboard"]["environment"]
    assert set(given) == set(dotenv_values(ROOT / "fraud-dashboard" / ".env.example"))
    assert given["DASHBOARD_PUBLISHED_ON"] == "127.0.0.1"
    assert given["DASHBOARD_TRUST_NETWORK"] != "true"


def test_ports_are_published_on_loopback_unless_env_says_otherwise(
    compose: Compose, services: dict[str, dict[str, Any]], env: dict[str, str]
) -> None:
    """Each published port is one that the service's command listens on; DOCKER_BIND moves them all."""
    moved = compose(env | {"DOCKER_BIND": "10.0.0.1"})["services"]
    fixed = {
        "fraud-db": "5432",
        "mailbox": "8025",
        "airflow-api": services["airflow-api"]["environment"]["AIRFLOW__API__PORT"],
    }
    for name, service in services.items():
        for number, port in enumerate(service.get("ports", [])):
            address, _, inner = port.split(":")
            assert address == "127.0.0.1"
            assert moved[name]["ports"][number].startswith("10.0.0.1:")
            assert inner == fixed.get(name) or inner in service["command"]


def test_every_service_is_kept_up_limited_and_started_when_what_it_needs_is_there(
    services: dict[str, dict[str, Any]],
) -> None:
    """Servers restart and say whether they do their work; jobs end; who waits for health waits for a health check."""
    for name, service in services.items():
        is_job = service["restart"].startswith("on-failure")
        assert service["restart"] == ("on-failure:3" if is_job else "unless-stopped"), name
        assert ("healthcheck" in service) is not is_job, name
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        for needed, how in service.get("depends_on", {}).items():
            wanted = services[needed]["restart"].startswith("on-failure")
            assert (how["condition"] == "service_completed_successfully") is wanted, (name, needed)


def test_images_are_built_here_or_pinned_and_volumes_declared(services: dict[str, dict[str, Any]]) -> None:
    """An image is built from a Dockerfile of the checkout, once, or names its version."""
    built = {one["image"]: one["build"] for one in services.values() if "build" in one}
    for service in services.values():
        assert service["image"] in built or re.search(r":v?\d+\.\d+", service["image"])
    assert all((ROOT / build["context"] / build["dockerfile"]).is_file() for build in built.values())
    mounts = [volume.split(":") for one in services.values() for volume in one.get("volumes", [])]
    assert {name for name, *_ in mounts if not name.startswith("./")} == set(yaml.safe_load(RAW)["volumes"])
    assert all((ROOT / name).is_dir() and how == ["ro"] for name, _, *how in mounts if name.startswith("./"))


@pytest.mark.parametrize("dockerfile", ["airflow", "fraud-dashboard", "payments-simulator"], ids=lambda name: name)
def test_no_container_runs_as_root(dockerfile: str, services: dict[str, dict[str, Any]]) -> None:
    """An image of ours names its user by number; where it does not, or is another's, the service does."""
    user = re.search(r"^USER (\d+):\d+$", (ROOT / dockerfile / "Dockerfile").read_text(), re.MULTILINE)
    assert user
    assert int(user[1])
    ours = ("fraud-scorer-airflow:", "fraud-scorer-dashboard:", "fraud-scorer-simulator:")
    others = {name: one.get("user", "0") for name, one in services.items() if not one["image"].startswith(ours)}
    assert {name for name, who in others.items() if who.split(":")[0] in {"0", "root"}} == set()
    roots = {name: one for name, one in services.items() if one.get("user", "1").split(":")[0] in {"0", "root"}}
    assert set(roots) == {"env-check"}  # it reads what only the checkout's owner may, and can do nothing else
    check = roots["env-check"]
    assert (check["cap_drop"], check["cap_add"], check["read_only"]) == (["ALL"], ["DAC_READ_SEARCH"], True)
    assert (check["network_mode"], check["volumes"]) == ("none", ["./:/checkout:ro"])


def test_nothing_of_the_pipeline_starts_before_env_is_checked(services: dict[str, dict[str, Any]]) -> None:
    """What compose would cut in `.env` is refused first; databases and stand-ins get no value of the user's."""

    def waits(name: str) -> bool:
        needed = services[name].get("depends_on", {})
        return "env-check" in needed or any(waits(one) for one in needed)

    free = {name for name in services if not waits(name)}
    assert free == {"env-check", "fraud-db", "airflow-db", "payments", "mailbox", "sagemaker-local", "history-make"}


def test_what_profiles_start_is_taken_down_as_written() -> None:
    """Without the profiles named, `down` leaves their containers, the network and a volume behind."""
    for page in ("docs/quick-start.md", "docker-compose.yml"):
        text = (ROOT / page).read_text(encoding="utf-8")
        downs = re.findall(r"docker compose[^\n`]* down\b", text)
        assert downs
        assert all("--profile '*'" in line for line in downs)


def test_a_sign_ins_secret_gets_into_no_image_and_no_commit() -> None:
    """Streamlit's secrets.toml lies in a folder that is copied into the image."""
    assert "**/secrets.toml" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "secrets.toml" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    "dockerfile", ["airflow", "fraud-dashboard", "payments-simulator", "model/sagemaker"], ids=lambda name: name
)
def test_images_copy_what_exists_and_is_not_ignored(dockerfile: str) -> None:
    """Every COPY names a file of the checkout that .dockerignore lets through."""
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in (ROOT / dockerfile / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in let_in, source
