-- Landed batches that wait to be loaded, lowest landing sequence first. Imported history is loaded by its import alone.
-- Grain: one batch.
select
    batch_id,
    landing_seq
from run_ledger
where status = 'landed' and kind <> 'history'
order by landing_seq
limit :at_most
