-- What every page needs to begin with, and what its cached numbers are kept under.
-- Grain: one row. first_day and last_day are null before the first payment.
select
    settings.time_zone,
    settings.currency,
    extract(epoch from settings.label_delay) / 86400 as label_delay_days,
    report_today() as today,
    report_now() at time zone settings.time_zone as now_local,
    (
        select (min(amounts.event_time) at time zone settings.time_zone)::date
        from v_payment_amounts as amounts
    ) as first_day,
    (
        select (max(amounts.event_time) at time zone settings.time_zone)::date
        from v_payment_amounts as amounts
    ) as last_day,
    version.last_load_at,
    version.last_label_id,
    version.last_change_id,
    version.last_snooze_id
from v_report_settings as settings
cross join v_report_version as version;
