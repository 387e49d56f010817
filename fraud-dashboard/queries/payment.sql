-- One payment with its decision and label. Grain: one row, none if there is no such payment.
select
    *,
    payment_event_list(trans_num) as events
from v_fraud_report
where trans_num = %(trans_num)s;
