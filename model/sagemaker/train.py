"""The training job: on SageMaker as it is, and on any machine.

SageMaker says where things are by ``SM_CHANNEL_TRAINING`` (files of labelled payments, CSV or Parquet; a field map in
``fields.yaml`` if the columns bear other names) and ``SM_MODEL_DIR`` (what lies there in the end becomes
``model.tar.gz``). Hyperparameters are this script's options, without the dashes. In a container of one's own SageMaker
sets none of these: then its fixed folders under ``/opt/ml`` are used. Everything else is the library's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from fraud_common.errors import DataFileError, FraudScorerError
from fraud_scorer.ingest.field_map import read_field_map
from fraud_scorer.scoring.signing import read_key, sign
from fraud_scorer.training.calibration import ThresholdRule
from fraud_scorer.training.datafile import read_payments
from fraud_scorer.training.dataset import make_dataset
from fraud_scorer.training.fitting import quiet_threads
from fraud_scorer.training.train import TrainingPlan, TrainingResult, train

SAGEMAKER = Path("/opt/ml")
FIELD_MAP = "fields.yaml"
FILES = {".csv", ".gz", ".parquet", ".pq"}


def options(arguments: list[str], root: Path = SAGEMAKER) -> argparse.Namespace:
    """The command line, filled up from SageMaker's environment and hyperparameters."""
    parser = argparse.ArgumentParser(description="Train the fraud model on a folder of labelled payments.")
    parser.add_argument(
        "--training", type=Path, default=os.environ.get("SM_CHANNEL_TRAINING", root / "input/data/training")
    )
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR", root / "model"))
    parser.add_argument("--time-zone", default=TrainingPlan.time_zone)
    parser.add_argument("--currency", default="USD")
    parser.add_argument("--label-delay-days", type=float, default=TrainingPlan.label_delay_days)
    parser.add_argument("--hold-out", type=float, default=TrainingPlan.hold_out)
    parser.add_argument("--alert-cost", type=float, default=ThresholdRule.alert_cost)
    parser.add_argument("--alerts-a-day", type=float)
    parser.add_argument("--signing-key", type=Path, help="the private key file that signs the model")
    parser.add_argument("--cards-a-day", type=int, default=TrainingPlan.cards_a_day)
    return parser.parse_args(_hyperparameters(root) + arguments)


def run(chosen: argparse.Namespace) -> TrainingResult:
    """Train, and leave the three artefacts in ``chosen.model_dir``; signed, if there is a key to sign with.

    Raises:
        DataFileError: the channel holds no file, or one that cannot be used.
        SettingsError: payments in several currencies, and no budget of alerts a day; or the key cannot be read.
        ArtifactError: the model folder cannot be written.
    """
    key = read_key(chosen.signing_key) if chosen.signing_key else None  # before minutes of training
    files = sorted(path for path in Path(chosen.training).glob("*") if path.suffix in FILES)
    if not files:
        raise DataFileError(f"{chosen.training} holds no CSV or Parquet file", "Put labelled payments there")
    print(f"reading {', '.join(path.name for path in files)}", flush=True)
    fields = Path(chosen.training) / FIELD_MAP
    source = read_payments(
        files,
        read_field_map(fields if fields.exists() else None),
        time_zone=chosen.time_zone,
        currency=chosen.currency,
        label_required=True,
        warn=lambda sentence: print(f"warning: {sentence}", flush=True),
    )
    delay = chosen.label_delay_days
    data = make_dataset(source.payments, time_zone=chosen.time_zone, label_delay_days=delay)
    rule = ThresholdRule(chosen.alert_cost, chosen.alerts_a_day)
    plan = TrainingPlan(chosen.time_zone, delay, chosen.hold_out, rule, chosen.cards_a_day)
    about = {"names": list(source.names), "sha256": source.sha256}
    # beside, then copied: SageMaker's model folder may be a mount of its own, where nothing can be renamed into
    with tempfile.TemporaryDirectory() as work:
        trained = train(data, about, Path(work) / "model", plan, lambda sentence: print(sentence, flush=True))
        if key:
            sign(Path(work) / "model", key)
        shutil.copytree(Path(work) / "model", chosen.model_dir, dirs_exist_ok=True)
    return trained


def main(arguments: list[str], root: Path = SAGEMAKER) -> int:
    """Exit code 0 or 1; SageMaker shows what stands in ``output/failure`` then."""
    quiet_threads()
    try:
        trained = run(options(arguments, root))
    except FraudScorerError as error:
        print(f"error: {error}", file=sys.stderr)
        if (root / "output").is_dir():
            (root / "output/failure").write_text(str(error))
        return 1
    for period, figures in trained.manifest["metrics"].items():
        print(
            f"{period}:average_precision={figures['average_precision']:.6f}; {period}:auc_roc={figures['auc_roc']:.6f}"
        )
    print(f"model {trained.model_hash}")
    return 0


def _hyperparameters(root: Path) -> list[str]:
    """What SageMaker leaves in a container of one's own; a script in its containers gets them as options."""
    path = root / "input/config/hyperparameters.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.is_file() and "SM_HPS" not in os.environ else {}
    return [part for name, value in known.items() for part in (f"--{name.replace('_', '-')}", str(value))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
