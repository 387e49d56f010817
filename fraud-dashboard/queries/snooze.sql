-- Mail nothing of a payment's card or merchant for some hours. The snooze's id; null: no such payment.
select snooze(:subject, :trans_num, now() + :hours * interval '1 hour', :author, :note);
