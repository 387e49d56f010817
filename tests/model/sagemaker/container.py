"""What AWS's XGBoost container does with a model folder and a CSV body, script-free; run by that container's XGBoost.

``python container.py <model folder> < body.csv`` prints its JSON answer. Written after the container's behaviour: every
file of the folder is loaded (as a pickle, or else by XGBoost), cells are float64, empty ones NaN, features go unnamed.
"""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import xgboost


def load(path: Path) -> xgboost.Booster:
    """The booster in ``path``: the container tries pickle first."""
    try:
        with path.open("rb") as file:
            return pickle.load(file)
    except Exception:
        booster = xgboost.Booster()
        booster.load_model(path)
        return booster


def main() -> None:
    """Answer one body."""
    boosters = [load(path) for path in Path(sys.argv[1]).iterdir() if path.is_file()]
    rows = [[cell or "nan" for cell in line.split(",")] for line in sys.stdin.read().strip().split("\n")]
    inputs = xgboost.DMatrix(np.array(rows).astype(np.float64))
    scores = np.mean([booster.predict(inputs, validate_features=False) for booster in boosters], axis=0)
    predictions = [{"score": score} for score in scores.tolist()]
    print(json.dumps({"xgboost": xgboost.__version__, "predictions": predictions}))


if __name__ == "__main__":
    main()
