-- Make the ledger know a batch whose landing is closed. Known already: nothing.
insert into run_ledger (batch_id, kind, minute, status, landing_seq, landed_at)
values (:batch_id, :kind, :minute, :status, :landing_seq, :landed_at)
on conflict (batch_id) do nothing
