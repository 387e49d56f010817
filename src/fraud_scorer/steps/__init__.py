"""The five verbs of a minute: extract, transform, score, load, alert. Pure: the outside comes in as ports."""
