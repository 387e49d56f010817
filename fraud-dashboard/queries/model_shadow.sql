-- Live against shadow over the last :days whole days: how often each flags, and what became of what either flagged.
-- Grain: one shadow model, live flag, shadow flag and label in force (null for what neither flagged: not looked up).
with compared as materialized (
    select
        shadow.shadow_model_hash,
        shadow.live_flagged,
        shadow.shadow_flagged,
        case when shadow.live_flagged or shadow.shadow_flagged then shadow.trans_num end as of_interest
    from v_shadow_decisions as shadow
    where
        shadow.event_time >= (select report_day_start(report_today() - %(days)s))
        and shadow.event_time < (select report_day_start(report_today()))
)

select
    compared.shadow_model_hash,
    compared.live_flagged,
    compared.shadow_flagged,
    known.label,
    count(*) as payments
from compared
left join lateral report_of(compared.of_interest) as known on true
group by compared.shadow_model_hash, compared.live_flagged, compared.shadow_flagged, known.label
order by compared.shadow_model_hash, compared.live_flagged, compared.shadow_flagged, known.label;
