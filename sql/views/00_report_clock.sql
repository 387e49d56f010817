-- The report's calendar: days and hours as report_settings.time_zone counts them.

-- What the report goes by. Grain: one row.
create or replace view v_report_settings as
select
    settings.time_zone,
    settings.label_delay,
    settings.currency
from report_settings as settings;

-- The moment a report is made. A session may set fraud_report.now to see a report as of another moment.
create or replace function report_now() returns timestamptz
language sql stable parallel safe
as $$ select coalesce(nullif(current_setting('fraud_report.now', true), '')::timestamptz, now()) $$;

-- `(select report_time_zone())` is asked once a query; without the brackets, once a row.
create or replace function report_time_zone() returns text
language sql stable parallel safe
as $$ select settings.time_zone from v_report_settings as settings $$;

-- How long after its event a payload's label counts as known.
create or replace function report_label_delay() returns interval
language sql stable parallel safe
as $$ select settings.label_delay from v_report_settings as settings $$;

create or replace function report_today() returns date
language sql stable parallel safe
as $$ select (report_now() at time zone report_time_zone())::date $$;

-- The first instant of a day. Where clocks go back over midnight, 00:00 happens twice: the day begins with the first.
create or replace function report_day_start(day date) returns timestamptz
language sql stable parallel safe
as $$
    select
        case
            when ((midnight.at - interval '1 hour') at time zone settings.time_zone)::date = day
                then midnight.at - interval '1 hour'
            else midnight.at
        end
    from v_report_settings as settings
    cross join lateral (select day::timestamp at time zone settings.time_zone as at) as midnight
$$;

-- One row: the day's first instant (included) and the next day's (excluded); 23 to 25 hours apart.
create or replace function report_day_bounds(
    day date, out starts_at timestamptz, out ends_at timestamptz
) returns setof record
language sql stable parallel safe
as $$ select report_day_start(day), report_day_start(day + 1) $$;
