-- fraud_writer, the pipeline: stores payments and decisions, appends what is never changed, keeps its own books.
-- What must be forgotten one day goes by purge_aged(), which runs as fraud_owner.
grant usage on schema public, report to fraud_writer;
grant select on
report_settings, schema_migrations, snoozes, payments_scored, payment_history, labels, card_tokens, circuit_breaker,
drift_days, feature_drift, label_counts, labels_to_count, landing_index, merchant_day_spans, merchant_days,
merchant_profiles, outbox, outbox_payments, payment_events, purged_payments, purges, quarantine, run_ledger,
shadow_scores
to fraud_writer;
grant select on all tables in schema report to fraud_writer;

-- appended only
grant insert on payment_history, labels, merchant_profiles, outbox_payments to fraud_writer;
-- who did it and when is PostgreSQL's own word
grant insert (actor, action, detail) on audit_events to fraud_writer;
grant insert, update on
payments_scored, payment_events, card_tokens, circuit_breaker, drift_days, landing_index, quarantine, shadow_scores
to fraud_writer;
grant insert, update, delete on run_ledger, outbox, feature_drift to fraud_writer;
-- a payload's label that turns out to be older becomes known earlier (load_late.sql); a trigger allows no other change
grant update (known_at) on labels to fraud_writer;

grant execute on all functions in schema public to fraud_writer;
