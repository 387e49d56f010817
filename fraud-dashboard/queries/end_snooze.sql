-- End a snooze. The ending row's id; null: it is over already.
select end_snooze(%(snooze_id)s, %(author)s, %(claim)s);
