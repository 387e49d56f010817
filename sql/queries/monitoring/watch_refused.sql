-- The reason for which most records of the last hour's answers are in quarantine, and how many records came.
-- Grain: one row, none if no record is in quarantine.
with loaded as (
    select
        batch_id,
        sum(greatest(received, quarantined)) over () as records
    from run_ledger
    where loaded_at >= %(now)s::timestamptz - interval '1 hour' and kind in ('minute', 'again')
)

select
    quarantine.reason,
    count(*) as refused,
    max(loaded.records)::bigint as received
from quarantine
inner join loaded on quarantine.batch_id = loaded.batch_id
where quarantine.status = 'open'
group by quarantine.reason
order by refused desc, quarantine.reason asc
limit 1
