"""Code that all planes share: errors, logs, money, text, geography, the object store. It imports nothing of ours."""
