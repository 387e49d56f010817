-- One quarantined record, still encrypted. Grain: one row, none if there is no such record.
select
    quarantine_id,
    batch_id,
    part,
    row_index,
    reason,
    detail,
    status,
    created_at,
    record
from quarantine
where quarantine_id = %(quarantine_id)s
