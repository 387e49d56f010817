-- What was said of a payment, the latest first. Grain: one statement.
select
    label_id,
    source,
    verdict,
    known_at_local,
    author,
    note
from v_payment_statements
where trans_num = %(trans_num)s
order by label_id desc;
