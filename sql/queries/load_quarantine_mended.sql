-- Records of a batch that were quarantined once and are good now.
update quarantine
set status = 'retried'
where
    batch_id = :batch_id
    and status = 'open'
    and not exists (
        select 1
        from unnest(:parts::integer[], :row_indexes::integer[]) as bad (part, row_index)
        where bad.part = quarantine.part and bad.row_index is not distinct from quarantine.row_index
    )
