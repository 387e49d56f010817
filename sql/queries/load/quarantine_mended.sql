-- Records of a batch that were quarantined once and are good now. (-1 stands for the whole answer: equal values can be
-- hashed, so that a hundred thousand bad records take no longer than their number says.)
update quarantine
set status = 'retried'
where
    batch_id = %(batch_id)s
    and status = 'open'
    and not exists (
        select 1
        from unnest(%(parts)s::integer[], %(row_indexes)s::integer[]) as bad (part, row_index)
        where
            bad.part = quarantine.part
            and coalesce(bad.row_index, -1) = coalesce(quarantine.row_index, -1)
    )
