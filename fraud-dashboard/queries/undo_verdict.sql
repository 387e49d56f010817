-- Take a verdict back. The new label's id; null: it is not the payment's latest any more.
select undo_verdict(%(label_id)s, %(author)s, %(claim)s);
