-- Make the ledger know a batch whose landing is closed. Known already: nothing.
insert into run_ledger (batch_id, kind, minute, status, landing_seq, landed_at, error)
values (%(batch_id)s, %(kind)s, %(minute)s, %(status)s, %(landing_seq)s, %(landed_at)s, %(error)s)
on conflict (batch_id) do nothing
