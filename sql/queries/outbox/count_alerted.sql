-- Count a batch's payments that stand in at least one accepted alert.
update run_ledger
set
    alerted = (
        select count(distinct outbox_payments.trans_num)
        from outbox
        inner join outbox_payments on outbox.message_id = outbox_payments.message_id
        where
            outbox.batch_id = run_ledger.batch_id
            and outbox.kind = 'alert'
            and outbox.status = 'sent'
    )
where run_ledger.batch_id = %(batch_id)s
