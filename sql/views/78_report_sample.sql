-- The random sample of a day: its `most` unflagged payments whose ids have the lowest hashes. Whoever asks gets the
-- same ones: a payment is in by its id alone, not by what was said of it, where or by whom.
-- Where the index of low hashes holds enough of them, these are the sample; else the day has few payments, and all are
-- looked at. Grain: one payment.
create or replace function report_sample(day date, most integer, out trans_num text) returns setof text
language sql stable parallel safe rows 10
as $$
    with low as materialized (
        select amounts.trans_num
        from v_payment_amounts as amounts
        where
            amounts.event_time >= report_day_start(day)
            and amounts.event_time < report_day_start(day + 1)
            and not amounts.flagged
            and amounts.amount_cents >= 0
            and hashtextextended(amounts.trans_num, 0) < -9151314442816847872
        order by hashtextextended(amounts.trans_num, 0), amounts.trans_num
        limit most
    )

    select low.trans_num
    from low
    where (select count(*) from low) >= most
    union all
    (
        select amounts.trans_num
        from v_payment_amounts as amounts
        where
            (select count(*) from low) < most
            and amounts.event_time >= report_day_start(day)
            and amounts.event_time < report_day_start(day + 1)
            and not amounts.flagged
            and amounts.amount_cents >= 0
        order by hashtextextended(amounts.trans_num, 0), amounts.trans_num
        limit most
    )
$$;
