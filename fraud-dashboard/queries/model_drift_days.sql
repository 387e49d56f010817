-- Which of the last :days days (and of today, if somebody asked) were compared with the model's training.
-- Grain: one day, with the model that decided most of what was compared.
select distinct on (days.day)
    days.day,
    days.model_hash,
    days.payments,
    days.compared,
    days.whole_day,
    days.has_reference,
    days.reference_rows,
    days.reference_payments,
    days.reference_from,
    days.reference_until
from v_drift_days as days
where days.day >= report_today() - %(days)s
order by days.day asc, days.compared desc, days.computed_at desc;
