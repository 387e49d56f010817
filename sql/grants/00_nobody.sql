-- Every right is given anew by the files that follow, so that none outlives its reason. One transaction: nobody sees
-- the state between.
revoke all on all tables in schema public, report from fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor;
revoke all on all sequences in schema public from fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor;
revoke all on all functions in schema public, report from fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor;
revoke all on all functions in schema public from public;
revoke all on schema public, report from fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor;
-- names alone: what they lead to has rights of its own
grant usage on schema report to public;
