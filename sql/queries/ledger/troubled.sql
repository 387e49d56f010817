-- What waits, lowest landing sequence first, then what has failed, latest first; with the size of what landed.
-- Grain: one batch.
with sizes as (
    select
        batch_id,
        sum(byte_count) as byte_count
    from landing_index
    where
        batch_id in (
            select line.batch_id
            from run_ledger as line
            where line.status in ('landed', 'failed')
        )
    group by batch_id
)

select
    ledger.batch_id,
    case
        when ledger.status = 'landed' then 'waits'
        when ledger.passed_for is null then 'failed'
        else 'passed'
    end as state,
    coalesce(sizes.byte_count, 0)::bigint as byte_count,
    ledger.attempts,
    ledger.unanswered,
    ledger.lone_unanswered,
    ledger.refusals,
    ledger.landed_at,
    ledger.passed_at,
    ledger.passed_for,
    ledger.passed_by,
    ledger.tried_again_at,
    ledger.error
from run_ledger as ledger
left join sizes on ledger.batch_id = sizes.batch_id
where ledger.status in ('landed', 'failed')
order by
    ledger.status = 'failed',
    case when ledger.status = 'landed' then ledger.landing_seq else -ledger.landing_seq end
limit %(at_most)s
