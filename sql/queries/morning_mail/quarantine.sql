-- Records of a day's minutes that could not become payments and still lie in quarantine, and of what was imported then.
-- Grain: one reason, the most frequent first.
with bounds as materialized (
    select * from report_day_bounds(%(day)s)
)

select
    refused.reason,
    count(*) as records
from v_quarantine as refused
inner join v_run_ledger as ledger on refused.batch_id = ledger.batch_id
where
    refused.status = 'open'
    and coalesce(ledger.minute, refused.created_at) >= (select bounds.starts_at from bounds)
    and coalesce(ledger.minute, refused.created_at) < (select bounds.ends_at from bounds)
group by refused.reason
order by records desc, refused.reason asc
