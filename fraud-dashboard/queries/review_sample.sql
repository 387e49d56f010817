-- The same random :most unflagged payments of a day for everyone who asks: what was missed is estimated from them.
-- Random is the payment's id hashed with the day. Grain: one payment.
select amounts.trans_num
from v_payment_amounts as amounts
where
    amounts.event_time >= (select report_day_start(cast(:day as date)))
    and amounts.event_time < (select report_day_start(cast(:day as date) + 1))
    and not amounts.flagged
    and amounts.amount_cents >= 0
order by hashtextextended(amounts.trans_num, cast(:day as date) - date '2000-01-01'), amounts.trans_num
limit :most;
