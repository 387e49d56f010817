-- Where a batch waits for the upsert: every column of a payment, no constraint. Gone when the transaction ends.
create temporary table staged_payments on commit drop as
select
    payments.*,
    null::text as delivery,
    null::timestamptz as occurrence
from payments_scored as payments
where false
