-- Open records to be tried again, oldest first, still encrypted: all, those named, or those of a reason; from one on.
-- Grain: one record.
-- noqa: disable=RF02
select
    bad.quarantine_id,
    bad.batch_id,
    bad.part,
    bad.row_index,
    bad.reason,
    bad.record,
    ledger.kind,
    -- when its answer came: an event later than that is no event, whenever it is tried again
    coalesce(landed.received_at, ledger.landed_at, bad.created_at) as received_at
from quarantine as bad
inner join run_ledger as ledger on bad.batch_id = ledger.batch_id
left join landing_index as landed on bad.batch_id = landed.batch_id and bad.part = landed.part
where
    bad.status = 'open'
    and bad.quarantine_id > %(after)s
    and (%(ids)s::bigint[] is null or bad.quarantine_id = any(%(ids)s::bigint[]))
    and (%(reason)s::text is null or bad.reason = %(reason)s)
order by bad.quarantine_id
limit %(at_most)s
