-- The payments that a day's mail names. `day`: the day's known frauds by amount, then its flagged payments by expected
-- loss (amount times probability), those known to be honest last. `too_old`: in the same order, flagged payments that
-- were too old to mail when they were loaded, by the day they were loaded on (not their own).
-- Grain: one list and payment; at most :most of a currency.
with bounds as materialized (
    select * from report_day_bounds(%(day)s)
),

named as materialized (
    select
        'day' as list,
        flagged.trans_num
    from v_payment_amounts as flagged
    where
        flagged.flagged
        and flagged.event_time >= (select bounds.starts_at from bounds)
        and flagged.event_time < (select bounds.ends_at from bounds)
    union
    select
        'day' as list,
        spoken_of.trans_num
    from report_spoken_of(%(day)s) as spoken_of
    union
    select
        'too_old' as list,
        outbox_payments.trans_num
    from outbox
    inner join outbox_payments on outbox.message_id = outbox_payments.message_id
    where
        outbox.status = 'suppressed'
        and outbox.last_error = 'too_old'
        and outbox.created_at >= (select bounds.starts_at from bounds)
        and outbox.created_at < (select bounds.ends_at from bounds)
),

ranked as (
    select
        named.list,
        report.*,
        row_number() over (
            partition by named.list, report.currency
            order by
                case report.label when 'fraud' then 0 when 'not_fraud' then 2 else 1 end asc,
                report.amount_cents * case report.label when 'fraud' then 1 else report.fraud_probability end desc,
                report.trans_num asc
        ) as place
    from named
    cross join lateral report_of(named.trans_num) as report
    where named.list = 'too_old' or report.flagged or report.label = 'fraud'
)

select
    list,
    trans_num,
    event_time,
    amount_cents,
    currency,
    card_last4,
    merchant,
    fraud_probability,
    flagged,
    reasons,
    label,
    label_source,
    payment_event_list(trans_num) as events
from ranked
where place <= %(most)s
order by list, currency, place
