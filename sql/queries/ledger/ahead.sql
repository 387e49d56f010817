-- Waiting batches that landed before the last of some batches, as far as these were never loaded: they go first.
-- Lowest landing sequence first. Grain: one batch.
-- noqa: disable=RF02
select
    batch_id,
    landing_seq
from landing_queue
where
    not is_import
    and landing_seq <= (
        select max(asked.landing_seq)
        from run_ledger as asked
        where asked.batch_id = any(%(batch_ids)s) and asked.status in ('landed', 'failed')
    )
order by landing_seq
