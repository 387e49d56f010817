"""Read the payments API's answers: tolerant decoding, strict validation, card tokens."""
