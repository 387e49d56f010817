-- Indexes for what pages and watchdog ask of tables that grow for ever: without them each question reads a year of
-- minutes, messages, refused records or labels. And the view v_snoozes goes: nothing reads it.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion, ban-drop-view
-- (half a million minutes are indexed in 0.2 s: that long a load waits)

-- migrate:up
drop view if exists v_snoozes;

-- the last load, on every page
create index run_ledger_loaded on run_ledger (loaded_at);
-- what stands open, of whatever age
create index run_ledger_open on run_ledger (status) where status in ('failed', 'landed');
create index outbox_open on outbox (created_at) where status in ('pending', 'failed');
create index quarantine_open on quarantine (quarantine_id) where status = 'open';
-- what was made or said on a day
create index outbox_created on outbox (created_at);
create index labels_known on labels (known_at);

-- migrate:down
drop index labels_known, outbox_created, quarantine_open, outbox_open, run_ledger_open, run_ledger_loaded;
