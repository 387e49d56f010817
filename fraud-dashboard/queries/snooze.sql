-- Mail nothing of a payment's card or merchant for some hours. The snooze's id; null: no such payment.
select snooze(:subject, :trans_num, :hours, :author, :note, :claim);
