-- How many quarantined records wait for someone.
select count(*) as records
from quarantine
where status = 'open'
