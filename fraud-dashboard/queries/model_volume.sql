-- How many payments a whole day brings now, and from which probability on they are flagged. Grain: one row.
select
    (
        select count(*)
        from v_payment_amounts as amounts
        where
            amounts.event_time >= (select report_day_start(report_today() - 1))
            and amounts.event_time < (select report_day_start(report_today()))
            and amounts.amount_cents >= 0
    ) as payments_a_day,
    (
        select latest.threshold
        from v_run_ledger as latest
        where latest.status = 'done' and latest.threshold is not null
        order by latest.landing_seq desc
        limit 1
    ) as threshold,
    (
        select latest.model_hash
        from v_run_ledger as latest
        where latest.status = 'done' and latest.model_hash is not null
        order by latest.landing_seq desc
        limit 1
    ) as model_hash;
