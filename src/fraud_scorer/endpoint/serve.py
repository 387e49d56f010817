"""Starts the server and stays until it is told to stop."""

from __future__ import annotations

from pathlib import Path

import structlog

from fraud_common.errors import SettingsError

log = structlog.get_logger()


def serve_model(
    folder: Path, *, host: str = "127.0.0.1", port: int = 8080, endpoint_name: str = "", signed_by: str = ""
) -> None:
    """Serve the model in ``folder`` until SIGTERM or SIGINT; requests under way are finished.

    Raises:
        ArtifactError: the folder holds no model, or none that one of ``signed_by`` (public keys) signed.
        SettingsError: the server's packages are not installed, or the port is taken.
    """
    try:
        import uvicorn

        from fraud_scorer.endpoint.app import create_app
    except ImportError as error:
        raise SettingsError(f"{error.name} is not installed", "Install requirements/endpoint.txt") from None
    app = create_app(folder, endpoint_name=endpoint_name, signed_by=signed_by)
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, ws="none", timeout_keep_alive=75
    )
    server = uvicorn.Server(config)
    log.info("Serving the model.", action="serve", folder=str(folder), url=f"http://{host}:{port}")
    try:
        server.run()
    except SystemExit:
        raise SettingsError(f"port {port} on {host} cannot be had", "Is another server running there?") from None
