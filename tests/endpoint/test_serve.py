"""Starting and stopping the server's process."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from fraud_common.errors import ArtifactError, SettingsError
from fraud_scorer.endpoint.serve import serve_model

START = "import sys; from pathlib import Path; from fraud_scorer.endpoint.serve import serve_model; "


def test_a_taken_port_is_one_clear_line(artifacts: Path) -> None:
    """Which port, and what to look for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} on 127.0.0.1"):
            serve_model(artifacts, port=port)


def test_a_folder_without_a_model_does_not_start(tmp_path: Path) -> None:
    """Said at the start, not at the first request."""
    with pytest.raises(ArtifactError):
        serve_model(tmp_path / "nothing")


@pytest.mark.timeout(60)
def test_it_serves_until_it_is_told_to_stop(artifacts: Path) -> None:
    """SIGTERM ends the process, as the hosting service and the supervisor send it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = START + "serve_model(Path(sys.argv[1]), port=int(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", command, str(artifacts), str(port)], stdout=subprocess.DEVNULL)
    try:
        while not _healthy(port):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait() in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()


def _healthy(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/ping", timeout=5).ok
    except requests.ConnectionError:
        return False
