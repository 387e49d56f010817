-- Records that could not become payments and that nobody has dealt with. Grain: one reason.
select
    refused.reason,
    count(*) as records,
    min(refused.detail) as example,
    max(refused.created_at_local) as latest_local
from v_quarantine as refused
where refused.status = 'open'
group by refused.reason
order by records desc, refused.reason asc;
