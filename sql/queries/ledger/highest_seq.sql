-- The highest landing sequence number that the ledger knows; 0 if none. Grain: one row.
select coalesce(max(landing_seq), 0)::bigint as landing_seq
from run_ledger
