-- Lock the ledger row of a message's batch, so that two senders of one batch count its alerts one after the
-- other. Grain: one row, none if it tells of no batch.
select batch_id
from run_ledger
where
    batch_id = (
        select outbox.batch_id
        from outbox
        where outbox.message_id = %(message_id)s  -- noqa: RF02
    )
for no key update
