-- One batch's line of the ledger, locked until the transaction ends. Grain: one row, none if it is not known.
select
    status,
    claim::text as claim,
    landed_at,
    inserted,
    updated
from run_ledger
where batch_id = :batch_id
for update
