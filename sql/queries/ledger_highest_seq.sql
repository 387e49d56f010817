-- The highest landing sequence number that the ledger knows; 0 if none.
select coalesce(max(landing_seq), 0)::bigint as landing_seq
from run_ledger
