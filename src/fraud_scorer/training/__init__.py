"""From labelled payments to artefacts: training, evaluation, backtest."""
