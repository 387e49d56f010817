-- Mark a batch as failed for good and pass it, with what for and, if by hand, by whom; one that was loaded before stays
-- done. Grain: one row, none if it does not exist or is done.
update run_ledger
set
    status = 'failed',
    unanswered = 0,
    error = %(error)s,
    passed_for = %(passed_for)s,
    passed_by = %(passed_by)s,
    passed_at = clock_timestamp()
where batch_id = %(batch_id)s and status in ('landed', 'failed')
returning batch_id
