-- Quarantined records of some states, latest first, without the records themselves. Grain: one record.
select
    quarantine_id,
    batch_id,
    part,
    row_index,
    reason,
    detail,
    status,
    created_at
from quarantine
where
    status = any(:statuses)
    and (:batch_id::text is null or batch_id = :batch_id)
    and (:reason::text is null or reason = :reason)
order by quarantine_id desc
limit :at_most
