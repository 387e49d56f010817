-- How many quarantined records wait for someone. Grain: one row.
select count(*) as records
from quarantine
where status = 'open'
