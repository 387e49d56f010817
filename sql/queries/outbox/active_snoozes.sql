-- Cards and merchants that are not mailed now: the latest word on each counts, so a later row can end a snooze.
-- Grain: one card or merchant.
with latest as (
    select distinct on (subject, value)
        subject,
        value,
        until
    from snoozes
    order by subject asc, value asc, snooze_id desc
)

select
    subject,
    value
from latest
where until > coalesce(cast(%(now)s as timestamptz), clock_timestamp())
