-- Whether the latest payments of a day are scored at all. Grain: one row.
with latest as (
    select
        raw_score,
        amount_cents
    from payments_scored
    where event_time >= :now::timestamptz - interval '1 day'
    order by event_time desc
    limit 200
)

select
    count(*) as payments,
    count(raw_score) as scored,
    count(*) filter (where amount_cents < 0) as negative
from latest
