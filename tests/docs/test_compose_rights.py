"""What a container of docker-compose.yml may do on its machine: as little as it can work with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
Services = dict[str, dict[str, Any]]


def test_no_container_has_a_capability_or_gains_one(services: Services) -> None:
    """All are dropped, none comes back by a set-uid program; env-check alone reads what only .env's owner may."""
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        assert service.get("cap_add", []) == (["DAC_READ_SEARCH"] if name == "env-check" else []), name


def test_no_container_writes_into_its_image(services: Services) -> None:
    """The root is read-only; /tmp is memory or a volume, and nothing is mounted twice."""
    for name, service in services.items():
        assert service["read_only"] is True, name
        in_memory = [mount.split(":")[0] for mount in service["tmpfs"]]
        on_disk = [volume.split(":")[1] for volume in service.get("volumes", [])]
        assert "/tmp" in in_memory + on_disk, name
        assert len({*in_memory, *on_disk}) == len(in_memory + on_disk), name


def test_no_container_sees_the_engine_or_the_host(services: Services) -> None:
    """Neither its socket nor its processes, devices or network; of the checkout only what is mounted read-only."""
    for name, service in services.items():
        assert not {"pid", "ipc", "userns_mode", "devices"} & set(service), name
        assert service.get("network_mode", "none") == "none", name
        binds = [volume for volume in service.get("volumes", []) if volume.startswith((".", "/"))]
        assert all(volume.endswith(":ro") for volume in binds), name


def test_the_file_fits_the_compose_schema() -> None:
    """As `make lint` checks it."""
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*command, ROOT / "docker-compose.yml"], check=True, capture_output=True)
