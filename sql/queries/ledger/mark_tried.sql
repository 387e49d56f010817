-- Say whether a passed batch counts as tried again: by somebody's word it does; after an outage it does not.
update run_ledger
set tried_again_at = case when %(is_tried)s then clock_timestamp() end
where batch_id = %(batch_id)s and status = 'failed'
