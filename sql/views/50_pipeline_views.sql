-- What the pipeline says of itself, without claims, keys, quarantined records and the texts of messages.

-- Grain: one batch.
create or replace view v_run_ledger as
select
    ledger.batch_id,
    ledger.kind,
    ledger.minute,
    ledger.minute at time zone (select report_time_zone()) as minute_local,
    ledger.status,
    ledger.landing_seq,
    ledger.attempts,
    ledger.landed_at,
    ledger.loaded_at,
    ledger.lag_seconds,
    ledger.seconds,
    ledger.received,
    ledger.valid,
    ledger.quarantined,
    ledger.inserted,
    ledger.updated,
    ledger.unchanged,
    ledger.flagged,
    ledger.alerted,
    ledger.scored_by,
    ledger.fallback_reason,
    ledger.threshold,
    ledger.model_hash,
    ledger.error,
    ledger.events,
    ledger.note,
    ledger.dropped
from run_ledger as ledger;

-- Grain: one record, or one whole answer (row_index is null), that could not become a payment.
create or replace view v_quarantine as
select
    refused.quarantine_id,
    refused.batch_id,
    refused.part,
    refused.row_index,
    refused.reason,
    refused.detail,
    refused.status,
    refused.created_at,
    refused.created_at at time zone (select report_time_zone()) as created_at_local
from quarantine as refused;

-- Grain: one message to one recipient.
create or replace view v_outbox as
select
    messages.message_id,
    messages.batch_id,
    messages.kind,
    messages.channel,
    messages.recipient,
    messages.status,
    messages.attempts,
    messages.next_attempt_at,
    messages.last_error,
    messages.created_at,
    messages.created_at at time zone (select report_time_zone()) as created_at_local,
    messages.sent_at
from outbox as messages;

-- Grain: one endpoint.
create or replace view v_circuit_breaker as
select
    breaker.endpoint,
    breaker.failed_runs,
    breaker.open_until,
    coalesce(breaker.open_until > report_now(), false) as is_open,
    breaker.last_error,
    breaker.changed_at
from circuit_breaker as breaker;

-- One row that changes whenever a report's numbers may: what a page's cache is kept under.
create or replace view v_report_version as
select
    (select max(ledger.loaded_at) from run_ledger as ledger) as last_load_at,
    (select max(labels.label_id) from labels) as last_label_id,
    (select max(history.history_id) from payment_history as history) as last_change_id,
    (select max(snoozes.snooze_id) from snoozes) as last_snooze_id;
