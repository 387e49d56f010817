-- Keep one record that could not become a payment. Known already: nothing, unless it is bad for another reason now or
-- was thought mended; what someone dropped stays dropped.
insert into quarantine as kept (batch_id, part, row_index, reason, detail, record)
values (:batch_id, :part, :row_index, :reason, :detail, :record)
on conflict (batch_id, part, row_index) do update
    set
        reason = excluded.reason,
        detail = excluded.detail,
        record = excluded.record,
        status = 'open'
    where kept.status <> 'dropped' and (kept.reason <> excluded.reason or kept.status = 'retried')
