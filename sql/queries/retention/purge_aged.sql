-- Purge the oldest rows of a kind: older than a moment, not before where the last call came to, in one transaction.
-- Grain: one row, how many went and the age that was reached (null: nothing was left).
select
    purged,
    reached
from purge_aged(%(what)s, %(since)s::timestamptz, %(before)s::timestamptz, %(at_most)s, %(run)s::timestamptz)
