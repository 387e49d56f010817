-- Landed batches that wait to be loaded, lowest landing sequence first. Imported history is loaded by its import alone;
-- what landed after a day that is being imported now waits for that day.
-- Grain: one batch.
select
    batch_id,
    landing_seq
from run_ledger
where
    status = 'landed'
    and kind <> 'history'
    and not exists (
        select 1
        from run_ledger as imported
        where
            imported.status = 'landed'
            and imported.kind = 'history'
            and imported.claimed_at > clock_timestamp() - interval '2 minutes'
            and imported.landing_seq < run_ledger.landing_seq
    )
order by landing_seq
limit %(at_most)s
