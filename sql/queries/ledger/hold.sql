-- Say that a waiting batch is being worked on: what landed after an imported day waits for it, two minutes at most.
update run_ledger
set claimed_at = clock_timestamp()
where batch_id = %(batch_id)s and status = 'landed'
