"""A model's name on the endpoint: its production variant carries the model's hash.

``InvokeEndpoint`` says with each answer which variant gave it, so one comparison tells whether the model that
answered is the one whose manifest lies here; no second call, no further permission.
"""

from __future__ import annotations

import re

HASH_DIGITS = 24
DEPLOYED_HERE = re.compile(rf"model-[0-9a-f]{{{HASH_DIGITS}}}", re.ASCII)


def variant_name(model_hash: str) -> str:
    """The production variant's name for a model, at most 63 letters, digits and hyphens.

    >>> variant_name("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    'model-9f86d081884c7d659a2feaa0'
    """
    return f"model-{model_hash.lower()[:HASH_DIGITS]}"


def names_a_model(variant: str) -> bool:
    """Whether ``variant`` carries a model's hash, as each that ``fraud-scorer sagemaker deploy`` made does.

    >>> names_a_model("model-9f86d081884c7d659a2feaa0"), names_a_model("AllTraffic"), names_a_model("")
    (True, False, False)
    """
    return DEPLOYED_HERE.fullmatch(variant) is not None
