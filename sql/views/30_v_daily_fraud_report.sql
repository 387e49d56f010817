-- Yesterday's part of v_fraud_report, by a range on event_time that its index serves.
-- Grain: one payment of yesterday, a day of report_settings.time_zone (23 to 25 hours).
create or replace view v_daily_fraud_report as
select *
from v_fraud_report
where
    event_time >= (select report_day_start(report_today() - 1))
    and event_time < (select report_day_start(report_today()));
