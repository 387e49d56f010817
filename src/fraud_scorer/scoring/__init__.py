"""The model: artefacts checked before they are used, the booster, and the scorer that runs it here."""
