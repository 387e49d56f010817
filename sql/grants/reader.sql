-- fraud_dashboard reads these views, each by its name, and writes by the functions of 60_analyst_writes.sql alone.
-- It sees no table. A new view is not shown until it stands here.
grant usage on schema report to fraud_dashboard;
grant select on
report.v_card_payments, report.v_circuit_breaker, report.v_daily_fraud_report, report.v_drift_days,
report.v_feature_drift, report.v_fraud_report, report.v_latest_labels, report.v_outbox, report.v_payload_frauds,
report.v_payment_amounts, report.v_payment_changes, report.v_payment_event_sums, report.v_payment_events,
report.v_payment_messages, report.v_payment_snoozes, report.v_payment_statements, report.v_quarantine,
report.v_report_settings, report.v_report_version,
report.v_run_ledger, report.v_shadow_decisions
to fraud_dashboard;
grant execute on function report.record_verdict(text, text, text, text, text) to fraud_dashboard;
grant execute on function report.undo_verdict(bigint, text, text) to fraud_dashboard;
grant execute on function report.snooze(text, text, integer, text, text, text) to fraud_dashboard;
grant execute on function report.end_snooze(bigint, text, text) to fraud_dashboard;
