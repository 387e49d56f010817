"""What an answer of the payments API says: tolerant decoding, strict validation, card tokens."""
