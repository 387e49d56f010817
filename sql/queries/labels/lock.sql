-- One import of labels at a time; released when the transaction ends. Grain: one row.
select pg_advisory_xact_lock(hashtextextended('labels import', 0)) as locked
