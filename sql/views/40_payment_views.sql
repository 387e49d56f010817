-- What a payment's own page shows: its card's other payments, replaced decisions, statements, messages.
-- None of these gives the card token away: the card is named by one of its payments.

-- Grain: one payment of the card that also made of_trans_num: from 30 days before it to 7 after, the newest 300. They
-- are chosen by the index alone, before anything is said of them: a busy card has hundreds of thousands.
create or replace view v_card_payments as
select
    subject.trans_num as of_trans_num,
    same_card.trans_num,
    same_card.event_time,
    report.event_time_local,
    report.amount,
    report.currency,
    report.is_refund,
    report.merchant,
    report.category,
    report.city,
    report.state,
    report.fraud_probability,
    report.flagged,
    report.label,
    report.label_source,
    report.verdict
from payments_scored as subject
cross join
    lateral (
        select
            around.trans_num,
            around.event_time
        from payments_scored as around
        where
            around.card_token = subject.card_token
            and around.event_time >= subject.event_time - interval '30 days'
            and around.event_time <= subject.event_time + interval '7 days'
        order by around.event_time desc, around.trans_num asc
        limit 300
    ) as same_card
cross join lateral report_of(same_card.trans_num) as report;

-- Grain: one replaced row of a payment: what was said of it before a correction or a rescore.
create or replace view v_payment_changes as
select
    history.history_id,
    history.trans_num,
    history.replaced_at,
    history.replaced_at at time zone (select report_time_zone()) as replaced_at_local,
    history.why,
    amount_major((history.was ->> 'amount_cents')::numeric, history.was ->> 'currency') as amount,
    history.was ->> 'currency' as currency,
    history.was ->> 'merchant' as merchant,
    (history.was ->> 'fraud_probability')::double precision as fraud_probability,
    (history.was ->> 'threshold')::double precision as threshold,
    (history.was ->> 'flagged')::boolean as flagged,
    history.was ->> 'scored_by' as scored_by,
    history.was ->> 'model_hash' as model_hash,
    (history.was ->> 'scored_at')::timestamptz as scored_at
from payment_history as history;

-- Grain: one statement (verdict, chargeback, late payload label) about a payment, whether in force or not.
create or replace view v_payment_statements as
select
    labels.label_id,
    labels.trans_num,
    labels.source,
    labels.verdict,
    labels.known_at,
    labels.known_at at time zone (select report_time_zone()) as known_at_local,
    labels.recorded_at,
    labels.author,
    labels.note
from labels;

-- Grain: one payment in one message.
create or replace view v_payment_messages as
select
    mentioned.trans_num,
    mentioned.channel,
    mentioned.recipient,
    messages.kind,
    messages.status,
    messages.created_at,
    messages.sent_at,
    messages.sent_at at time zone (select report_time_zone()) as sent_at_local
from outbox_payments as mentioned
inner join outbox as messages on mentioned.message_id = messages.message_id;

-- Grain: one snooze in force that keeps a payment from being mailed, by its card or its merchant.
create or replace view v_payment_snoozes as
select
    payments.trans_num,
    snoozes.snooze_id,
    snoozes.subject,
    snoozes.until,
    snoozes.until at time zone (select report_time_zone()) as until_local,
    snoozes.author,
    snoozes.note
from snoozes
inner join payments_scored as payments
    on snoozes.value = case snoozes.subject when 'card' then payments.card_token else payments.merchant end
where
    snoozes.until > report_now()
    and not exists (
        select 1
        from snoozes as later
        where
            later.subject = snoozes.subject
            and later.value = snoozes.value
            and later.snooze_id > snoozes.snooze_id
    );
