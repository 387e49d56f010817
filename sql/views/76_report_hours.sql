-- Payments, amounts and flags of a period by local hour, from an index alone, as the page and the morning mail count
-- them. Grain: one currency and local hour. Payments leave refunds out; sums are in minor units.
-- Where clocks go back, the doubled hour holds two hours' payments.
create or replace function report_hours(
    starts_at timestamptz,
    ends_at timestamptz,
    out currency text,
    out local_hour integer,
    out payments bigint,
    out amount_cents bigint,
    out refunds bigint,
    out refund_cents bigint,
    out flagged bigint,
    out flagged_cents bigint
) returns setof record
language sql stable parallel safe rows 48
as $$
    -- every zone is whole quarters of an hour away from UTC
    with quarters as (
        select
            amounts.currency,
            date_bin('15 minutes', amounts.event_time, starts_at) as quarter,
            count(*) filter (where amounts.amount_cents >= 0) as payments,
            coalesce(sum(amounts.amount_cents) filter (where amounts.amount_cents >= 0), 0) as amount_cents,
            count(*) filter (where amounts.amount_cents < 0) as refunds,
            coalesce(-sum(amounts.amount_cents) filter (where amounts.amount_cents < 0), 0) as refund_cents,
            count(*) filter (where amounts.flagged) as flagged,
            coalesce(sum(amounts.amount_cents) filter (where amounts.flagged), 0) as flagged_cents
        from v_payment_amounts as amounts
        where amounts.event_time >= starts_at and amounts.event_time < ends_at
        group by amounts.currency, quarter
    )

    select
        quarters.currency,
        extract(hour from quarters.quarter at time zone (select report_time_zone()))::integer as local_hour,
        sum(quarters.payments)::bigint,
        sum(quarters.amount_cents)::bigint,
        sum(quarters.refunds)::bigint,
        sum(quarters.refund_cents)::bigint,
        sum(quarters.flagged)::bigint,
        sum(quarters.flagged_cents)::bigint
    from quarters
    group by quarters.currency, local_hour
$$;
