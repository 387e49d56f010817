-- Payments that were purged for their age and are shown again: they are no new ones, so nothing of them is stored.
-- noqa: disable=RF02
delete from staged_payments
where
    exists (select 1 from purged_payments)
    and exists (
        select 1 from purged_payments
        where purged_payments.payment_key = purged_key(staged_payments.trans_num)
    )
    and not exists (
        select 1 from payments_scored
        where payments_scored.trans_num = staged_payments.trans_num
    )
