-- Count a run to which the batch itself was the trouble; runs that were killed or found no database do not count.
update run_ledger
set refusals = refusals + 1
where batch_id = %(batch_id)s and status = 'landed'
returning refusals
