-- Payments of a day of which somebody said something (a verdict or a chargeback; of the day itself, not before it), or
-- which the payments API called fraud. Looked up from what was said: the day's other payments are not read.
-- Grain: one payment.
create or replace function report_spoken_of(day date, out trans_num text) returns setof text
language sql stable parallel safe
as $$
    with bounds as materialized (
        select * from report_day_bounds(day)
    ),

    -- a clock may go a little before ours
    said as materialized (
        select distinct statements.trans_num
        from v_payment_statements as statements
        where statements.known_at >= (select bounds.starts_at from bounds) - interval '1 day'
    ),

    -- one by one through the primary key (that is what the limit is for): the day itself may hold a million
    said_of_the_day as (
        select payment.trans_num
        from said
        cross join lateral (
            select
                one.trans_num,
                one.event_time
            from v_payment_amounts as one
            where one.trans_num = said.trans_num
            order by one.trans_num
            limit 1
        ) as payment
        where
            payment.event_time >= (select bounds.starts_at from bounds)
            and payment.event_time < (select bounds.ends_at from bounds)
    )

    select said_of_the_day.trans_num from said_of_the_day
    union
    select frauds.trans_num
    from v_payload_frauds as frauds
    where
        frauds.event_time >= (select bounds.starts_at from bounds)
        and frauds.event_time < (select bounds.ends_at from bounds)
$$;

-- What is known of a day's payments: frauds by label in force, as the page and the morning mail count them.
-- Grain: one currency; none where nobody said anything.
create or replace function report_known_frauds(
    day date,
    out currency text,
    out judged bigint,
    out frauds bigint,
    out fraud_cents bigint,
    out frauds_flagged bigint
) returns setof record
language sql stable parallel safe rows 2
as $$
    with spoken_of as materialized (
        select * from report_spoken_of(day)
    )

    select
        report.currency,
        count(*) filter (where report.label_source in ('verdict', 'chargeback')),
        count(*) filter (where report.label = 'fraud'),
        coalesce(sum(report.amount_cents) filter (where report.label = 'fraud'), 0)::bigint,
        count(*) filter (where report.label = 'fraud' and report.flagged)
    from spoken_of
    cross join lateral report_of(spoken_of.trans_num) as report
    group by report.currency
$$;
