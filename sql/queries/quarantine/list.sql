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
    status = any(%(statuses)s)
    and (%(batch_id)s::text is null or batch_id = %(batch_id)s)
    and (%(reason)s::text is null or reason = %(reason)s)
order by quarantine_id desc
limit %(at_most)s
