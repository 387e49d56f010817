"""Airflow in a folder of its own, and the DAG's file as a module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fraud_scorer.settings import load_settings

ROOT = Path(__file__).parents[2]
HOME = tempfile.mkdtemp(prefix="fraud-tests-airflow-")
# Airflow reads these when it is first imported
os.environ.setdefault("AIRFLOW_HOME", HOME)
os.environ.setdefault("AIRFLOW_CONFIG", str(ROOT / "airflow" / "config" / "airflow.cfg"))
os.environ.setdefault("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{HOME}/airflow.db")
# airflow.cfg names a module in the first; Airflow itself adds the second where it parses and runs DAG files
FOLDERS = [str(ROOT / "airflow" / "config"), str(ROOT / "airflow" / "dags")]
sys.path.extend(FOLDERS)
os.environ.setdefault("PYTHONPATH", os.pathsep.join(FOLDERS))  # for the processes that a test starts


def load_module(path: Path) -> ModuleType:
    """The module in the file ``path``; what Airflow itself deprecates is not ours to mend."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own: a task notes there why it failed."""
    monkeypatch.setenv("FRAUD_DATA_DIR", str(tmp_path / "data"))
    load_settings.cache_clear()
    yield tmp_path / "data"
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def dag_file() -> Path:
    """Where the DAG lies."""
    return ROOT / "airflow" / "dags" / "fraud_pipeline_dag.py"


@pytest.fixture(scope="session")
def dag_module(dag_file: Path) -> ModuleType:
    """The DAG's module."""
    return load_module(dag_file)


@pytest.fixture(scope="session")
def connections() -> ModuleType:
    """The module that asks for Airflow's connections."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("common.connections")


@pytest.fixture(scope="session")
def local_settings() -> ModuleType:
    """What Airflow imports at its start."""
    return load_module(ROOT / "airflow" / "config" / "airflow_local_settings.py")


@pytest.fixture(scope="session")
def config_folder() -> Path:
    """Airflow's configuration."""
    return ROOT / "airflow" / "config"
