-- How some records stand. Grain: one record; unknown ones have no row.
select
    quarantine_id,
    status
from quarantine
where quarantine_id = any(%(ids)s::bigint[])
