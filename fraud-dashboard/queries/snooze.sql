-- Mail nothing of a payment's card or merchant for some hours. The snooze's id; null: no such payment.
select snooze(%(subject)s, %(trans_num)s, %(hours)s, %(author)s, %(note)s, %(claim)s);
