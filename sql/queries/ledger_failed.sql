-- Mark a batch as failed for good and pass it; one that was loaded before stays done.
update run_ledger
set
    status = 'failed',
    unanswered = 0,
    error = :error
where batch_id = :batch_id and status in ('landed', 'failed')
