-- The ledger's last lines in the order that `status` asks for them: minutes first, then what has none.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
-- (half a million minutes are indexed in 0.3 s: that long a load waits)

-- migrate:up
create index run_ledger_latest on run_ledger (minute desc nulls last, landing_seq desc);
drop index run_ledger_minute;

-- migrate:down
create index run_ledger_minute on run_ledger (minute desc);
drop index run_ledger_latest;
