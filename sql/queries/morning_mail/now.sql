-- The moment that the report is made at, for this transaction; without it, the server's clock. Grain: one row.
select set_config('fraud_report.now', %(now)s, true) as report_now
