-- How many payments the last batches held and how many of them were flagged: what is usual, for the flood guard.
-- Grain: one row; the batches before the one that is being loaded, a week of minutes at most.
with recent as (
    select
        valid,
        flagged
    from run_ledger
    where
        status = 'done'
        and landing_seq < %(before_seq)s
    order by landing_seq desc
    limit 10080
)

select
    coalesce(sum(valid), 0)::bigint as valid,
    coalesce(sum(flagged), 0)::bigint as flagged
from recent
