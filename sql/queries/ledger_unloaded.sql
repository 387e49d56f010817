-- Landed batches that wait to be loaded, lowest landing sequence first.
-- Grain: one batch.
select
    batch_id,
    landing_seq
from run_ledger
where status = 'landed'
order by landing_seq
limit :at_most
