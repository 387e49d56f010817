-- One load of a batch at a time; released when the transaction ends. Grain: one row.
select pg_advisory_xact_lock(hashtextextended(%(batch_id)s, 0)) as locked
