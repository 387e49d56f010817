-- The random sample of unflagged payments: those of a day with the lowest hashes of their ids. This index holds the
-- lowest 256th of all hashes, so that nobody reads a whole day of a million payments for ten of them.
-- report_sample asks in the same words; the bound is the lowest bigint plus 2^64 / 256.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

-- migrate:up
create index payments_scored_draw on payments_scored (event_time) include (trans_num)
where not flagged and amount_cents >= 0 and hashtextextended(trans_num, 0) < -9151314442816847872;

-- migrate:down
drop index payments_scored_draw;
