-- How many records wait in quarantine for someone to look at them.
-- Grain: one row.
select count(*) as open_records
from quarantine
where status = 'open'
