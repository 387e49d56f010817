-- fraud_auditor reads all that is of record, and writes nothing: payments with every replaced state, labels, ledger,
-- messages, and who did what. Neither quarantined bytes nor keys.
grant usage on schema public, report to fraud_auditor;
grant select on
audit_events, labels, landing_index, outbox, outbox_payments, payment_events, payment_history, payments_scored,
purges, report_settings, run_ledger, schema_migrations, shadow_scores, snoozes
to fraud_auditor;
grant select (quarantine_id, batch_id, part, row_index, reason, detail, status, created_at)
on quarantine to fraud_auditor;
-- the report views: writer.sql
