-- Open records by reason, the most frequent first. Grain: one reason.
select
    reason,
    count(*) as records
from quarantine
where status = 'open'
group by reason
order by records desc, reason asc
