"""How large an answer of the payments API may be that is read: what lies beyond is refused in bounded time."""

MOST_RECORDS = 300_000  # of one answer
MOST_VALUES = 8_000_000  # of one answer: about one for each comma and each opening bracket, those in texts too
MOST_OBJECTS = 2_000_000  # of one answer: opening braces, those in texts too
