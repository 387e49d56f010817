"""The declared features and how each is computed: one implementation for training, serving and backfill."""
