-- Keep records of a batch that could not become payments. Known already: nothing, unless it is bad for another reason
-- now or was thought mended; what someone dropped stays dropped.
-- noqa: disable=RF02
insert into quarantine as kept (batch_id, part, row_index, reason, detail, record)
select
    %(batch_id)s,
    bad.part,
    bad.row_index,
    bad.reason,
    bad.detail,
    bad.record
from
    unnest(
        %(parts)s::integer[],
        %(row_indexes)s::integer[],
        %(reasons)s::text[],
        %(details)s::text[],
        %(records)s::bytea[]
    ) as bad (part, row_index, reason, detail, record)
on conflict (batch_id, part, row_index) do update
    set
        reason = excluded.reason,
        detail = excluded.detail,
        record = excluded.record,
        status = 'open'
    where kept.status <> 'dropped' and (kept.reason <> excluded.reason or kept.status = 'retried')
