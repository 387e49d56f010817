-- The snoozes in force on a payment's card or merchant. Grain: one snooze.
select
    snooze_id,
    subject,
    until_local,
    author,
    note
from v_payment_snoozes
where trans_num = %(trans_num)s
order by subject;
