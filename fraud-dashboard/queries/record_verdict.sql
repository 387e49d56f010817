-- Say fraud, not_fraud or unsure of a payment. The new label's id; null: no such payment.
select record_verdict(%(trans_num)s, %(verdict)s, %(author)s, %(note)s, %(claim)s);
