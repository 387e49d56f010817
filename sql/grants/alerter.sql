-- fraud_alerter sends: it leases messages, marks them by their server's answer, and counts a batch's alerts.
grant usage on schema public to fraud_alerter;
grant select on outbox, outbox_payments to fraud_alerter;
grant update (status, attempts, next_attempt_at, lease, leased_until, last_error, sent_at) on outbox to fraud_alerter;
grant select (batch_id, alerted), update (alerted) on run_ledger to fraud_alerter;
