-- The dashboard's writes: verdicts and snoozes through functions that name their author and hide the card's token.
-- Applied after fraud_dashboard.sql, which makes the role.
grant execute on function record_verdict(text, text, text, text) to fraud_dashboard;
grant execute on function undo_verdict(bigint, text) to fraud_dashboard;
grant execute on function snooze(text, text, timestamptz, text, text) to fraud_dashboard;
grant execute on function end_snooze(bigint, text) to fraud_dashboard;
