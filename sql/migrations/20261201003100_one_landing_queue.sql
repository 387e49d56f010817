-- The landing order in one place: what has landed and waits to be loaded holds up whatever landed after it. Load, the
-- runs that take what waits, and the last try of a passed batch all ask this view (sql/queries/ledger/).
-- migrate:up
create view landing_queue as
select
    batch_id,
    landing_seq,
    kind = 'history' as is_import
from run_ledger
where
    status = 'landed'
    -- imported history is in nobody's way but while its import works on it: that says so at least once in two minutes
    and (kind <> 'history' or claimed_at > clock_timestamp() - interval '2 minutes');
comment on view landing_queue is 'Landed batches that are not loaded: each holds up what landed after it.';

-- migrate:down
-- squawk-ignore ban-drop-view
drop view landing_queue;
