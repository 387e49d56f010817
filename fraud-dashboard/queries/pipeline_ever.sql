-- When the ledger begins and what it knows last. Grain: one row.
select
    (
        select first_known.minute from v_run_ledger as first_known
        where first_known.minute is not null
        order by first_known.minute asc limit 1
    ) as first_minute,
    (
        select last_known.minute from v_run_ledger as last_known
        where last_known.minute is not null
        order by last_known.minute desc limit 1
    ) as last_minute,
    date_trunc('minute', report_now()) as this_minute,
    report_now() as seen_at;
