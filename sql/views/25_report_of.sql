-- A payment's line of v_fraud_report, by the primary key: for lists of payments that are short beside what is stored,
-- however long PostgreSQL takes them to be (the limit keeps it from making the report of all payments instead).
-- `cross join lateral report_of(list.trans_num) as report`. Grain: one row, none if there is no such payment.
create or replace function report_of(of_trans_num text) returns setof v_fraud_report
language sql stable parallel safe rows 1
as $$
    select report.*
    from v_fraud_report as report
    where report.trans_num = of_trans_num
    order by report.trans_num
    limit 1
$$;
