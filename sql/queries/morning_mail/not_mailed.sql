-- Flagged payments that nobody was mailed about, by why not (too_old, snoozed, flood) and the day they were loaded on.
-- Grain: one reason.
with bounds as materialized (
    select * from report_day_bounds(%(day)s)
)

select
    outbox.last_error as why,
    count(distinct outbox_payments.trans_num) as payments
from outbox
inner join outbox_payments on outbox.message_id = outbox_payments.message_id
where
    outbox.status = 'suppressed'
    and outbox.created_at >= (select bounds.starts_at from bounds)
    and outbox.created_at < (select bounds.ends_at from bounds)
group by outbox.last_error
order by outbox.last_error
