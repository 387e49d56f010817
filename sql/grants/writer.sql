-- fraud_writer, the pipeline: stores payments and decisions, appends what is never changed, keeps its own books.
-- What must be forgotten one day goes by purge_aged(), which runs as fraud_owner.
grant usage on schema public, report to fraud_writer;
grant select on
report_settings, schema_migrations, snoozes, payments_scored, payment_history, labels, card_tokens, circuit_breaker,
drift_days, feature_drift, label_counts, labels_to_count, landing_index, landing_queue, merchant_day_spans,
merchant_days, merchant_profiles, outbox, outbox_payments, payment_events, purged_payments, purges, quarantine,
run_ledger, shadow_scores
to fraud_writer;

-- appended only
grant insert on payment_history, merchant_profiles, outbox_payments to fraud_writer;
-- when it was recorded, and for an audit who did it, is PostgreSQL's own word
grant insert (trans_num, source, verdict, known_at, author, note, landing_seq) on labels to fraud_writer;
grant insert (actor, action, detail) on audit_events to fraud_writer;
grant insert, update on
payments_scored, payment_events, card_tokens, circuit_breaker, drift_days, landing_index, quarantine, shadow_scores
to fraud_writer;
grant insert, update, delete on run_ledger, outbox, feature_drift to fraud_writer;
-- a payload's label that turns out to be older becomes known earlier (load/late.sql); a trigger allows no other change
grant update (known_at) on labels to fraud_writer;

-- every report view and every function of ours; another user's objects keep the rights they have
do $$
declare
    wanted record;
begin
    for wanted in
        select format('grant execute on routine %s to fraud_writer', pg_proc.oid::regprocedure) as statement
        from pg_proc
        where
            pronamespace = 'public'::regnamespace
            and pg_has_role(proowner, 'usage')
            and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
        union all
        select format('grant select on %s to fraud_writer, fraud_auditor', pg_class.oid::regclass)
        from pg_class
        where relnamespace = 'report'::regnamespace and relkind in ('r', 'p', 'v', 'm') and pg_has_role(relowner, 'usage')
    loop
        execute wanted.statement;
    end loop;
end
$$;
