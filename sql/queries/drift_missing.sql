-- Days that are over, with payments and without batches that wait to be loaded, that were not compared whole yet; of
-- the last :most days, oldest first. The first day ever is never whole: it is compared again only when payments of it
-- came later. Grain: one day.
with days as (
    select report_today() - ago.days_ago as day
    from generate_series(1, :most) as ago (days_ago)
),

ever as materialized (
    select min(amounts.event_time) as first_at
    from v_payment_amounts as amounts
)

select days.day
from days
cross join ever
cross join lateral report_day_bounds(days.day) as bounds
where
    not exists (
        select 1 from drift_days as done
        where
            done.day = days.day
            and case
                when ever.first_at < bounds.starts_at then done.whole_day
                else
                    done.whole_day
                    or done.payments = (
                        select count(*)
                        from v_payment_amounts as amounts
                        where
                            amounts.event_time >= bounds.starts_at
                            and amounts.event_time < bounds.ends_at
                            and amounts.amount_cents >= 0
                    )
            end
    )
    and not exists (
        select 1
        from run_ledger as ledger
        where
            ledger.status = 'landed'
            and ledger.minute >= bounds.starts_at
            and ledger.minute < bounds.ends_at
    )
    and exists (
        select 1
        from v_payment_amounts as amounts
        where
            amounts.event_time >= bounds.starts_at
            and amounts.event_time < bounds.ends_at
            and amounts.amount_cents >= 0
    )
order by days.day
