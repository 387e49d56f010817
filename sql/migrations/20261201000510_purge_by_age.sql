-- What is kept for so many days and no longer: payments, their former bodies, labels, messages, shadow scores, the
-- landing index and quarantined records. Each goes oldest first, by an index, some thousand rows in a transaction of
-- their own. What went, how much of it and when stays (purges), and so does that a payment was here
-- (purged_payments): shown again by the API, it is no new one.
-- noqa: disable=RF02
-- squawk-ignore-file require-concurrent-index-creation

-- migrate:up

-- Grain: one purge and kind of what went.
create table purges (
    started_at timestamptz not null,
    what text not null,
    older_than timestamptz not null,
    purged bigint not null,
    ended_at timestamptz not null,
    primary key (started_at, what)
);

comment on table purges is 'What was purged for its age, how many rows of it, and when; kept for ever.';

-- Grain: one payment that was purged. The key is half of the id's sha256: ids may be long.
create table purged_payments (
    payment_key uuid primary key
);

comment on table purged_payments is 'Payments that were purged, by purged_key(trans_num): they are never new again.';

create function purged_key(trans_num text) returns uuid
language sql immutable strict parallel safe
return encode(substr(sha256(convert_to(trans_num, 'UTF8')), 1, 16), 'hex')::uuid;

-- by age: what a purge goes by
create index payment_history_replaced on payment_history (replaced_at);
create index labels_recorded on labels (recorded_at);
create index payment_events_recorded on payment_events (recorded_at);
create index shadow_scores_scored on shadow_scores (scored_at);
create index landing_index_received on landing_index (received_at);
create index quarantine_created on quarantine (created_at);
create index quarantine_readable on quarantine (created_at) where record <> '';
create index outbox_readable on outbox (created_at) where content <> '{}';

-- Write down that rows went, in the transaction that purges them.
create function note_purge(run timestamptz, kind text, before timestamptz, many bigint) returns void
language sql
as $$
    insert into purges as noted (started_at, what, older_than, purged, ended_at)
    select run, kind, before, many, clock_timestamp()
    where many > 0
    on conflict (started_at, what) do update
        set purged = noted.purged + excluded.purged, ended_at = excluded.ended_at
$$;

-- Purge the oldest payments, with what only belongs to them. Their sums leave merchant_days by its triggers.
create function purge_payments(since timestamptz, before timestamptz, at_most integer, run timestamptz)
returns table (purged bigint, reached timestamptz)
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
    names text[];
    many bigint;
begin
    -- the triggers of append-only tables let a purge pass; an owner that is no superuser cannot say so above
    perform set_config('fraud_scorer.purge', 'on', true);
    perform lock_merchant_days();
    select array_agg(old.trans_num), max(old.event_time)
    into names, reached
    from (
        select trans_num, event_time
        from payments_scored
        where event_time >= since and event_time < before
        order by event_time
        limit at_most
    ) as old;
    insert into purged_payments
    select purged_key(trans_num) as payment_key from unnest(names) as trans_num order by payment_key
    on conflict do nothing;
    delete from payment_history where trans_num = any(names);
    get diagnostics many = row_count;
    perform note_purge(run, 'payment_history', before, many);
    delete from payment_events where trans_num = any(names);
    get diagnostics many = row_count;
    perform note_purge(run, 'payment_events', before, many);
    delete from shadow_scores where trans_num = any(names);
    get diagnostics many = row_count;
    perform note_purge(run, 'shadow_scores', before, many);
    delete from payments_scored where trans_num = any(names);
    get diagnostics many = row_count;
    perform note_purge(run, 'payments', before, many);
    purged := many;
    return next;
end
$$;

-- Purge the oldest rows of another kind.
create function purge_aged(what text, since timestamptz, before timestamptz, at_most integer, run timestamptz)
returns table (purged bigint, reached timestamptz)
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
    numbers bigint[];
    names text[];
begin
    perform set_config('fraud_scorer.purge', 'on', true);
    if what = 'payments' then
        return query select * from purge_payments(since, before, at_most, run);
        return;
    elsif what = 'payment_history' then
        select array_agg(history_id), max(replaced_at) into numbers, reached
        from (
            select history_id, replaced_at from payment_history
            where replaced_at >= since and replaced_at < before
            order by replaced_at limit at_most
        );
        delete from payment_history where history_id = any(numbers);
    elsif what = 'payment_events' then
        -- of payments that are gone, or never came
        select array_agg(event_id), max(recorded_at) into numbers, reached
        from (
            select event_id, recorded_at from payment_events
            where
                recorded_at >= since and recorded_at < before
                and not exists (
                    select from payments_scored where payments_scored.trans_num = payment_events.trans_num
                )
            order by recorded_at limit at_most
        );
        delete from payment_events where event_id = any(numbers);
    elsif what = 'labels' then
        -- a label stays as long as its payment
        select array_agg(label_id), max(recorded_at) into numbers, reached
        from (
            select label_id, recorded_at from labels
            where
                recorded_at >= since and recorded_at < before
                and not exists (select from payments_scored where payments_scored.trans_num = labels.trans_num)
            order by recorded_at limit at_most
        );
        delete from labels where label_id = any(numbers);
    elsif what = 'outbox' then
        -- what waits or failed is somebody's work still
        select array_agg(message_id), max(created_at) into names, reached
        from (
            select message_id, created_at from outbox
            where created_at >= since and created_at < before and status in ('sent', 'suppressed')
            order by created_at limit at_most
        );
        delete from outbox_payments where message_id = any(names);
        delete from outbox where message_id = any(names);
    elsif what = 'shadow_scores' then
        select array_agg(distinct trans_num), max(scored_at) into names, reached
        from (
            select trans_num, scored_at from shadow_scores
            where scored_at >= since and scored_at < before
            order by scored_at limit at_most
        );
        delete from shadow_scores where trans_num = any(names) and scored_at < before;
    elsif what = 'landing_index' then
        select array_agg(distinct batch_id), max(received_at) into names, reached
        from (
            select batch_id, received_at from landing_index
            where
                received_at >= since and received_at < before
                and exists (
                    select from run_ledger
                    where run_ledger.batch_id = landing_index.batch_id and run_ledger.status <> 'landed'
                )
            order by received_at limit at_most
        );
        delete from landing_index where batch_id = any(names) and received_at < before;
    elsif what = 'quarantine' then
        select array_agg(quarantine_id), max(created_at) into numbers, reached
        from (
            select quarantine_id, created_at from quarantine
            where created_at >= since and created_at < before and record = ''
            order by created_at limit at_most
        );
        delete from quarantine where quarantine_id = any(numbers);
    elsif what = 'quarantined records' then
        -- they may hold card data; the reason stays
        select array_agg(quarantine_id), max(created_at) into numbers, reached
        from (
            select quarantine_id, created_at from quarantine
            where created_at >= since and created_at < before and record <> ''
            order by created_at limit at_most
        );
        update quarantine
        set record = '', status = case when status = 'open' then 'dropped' else status end
        where quarantine_id = any(numbers);
    elsif what = 'message texts' then
        -- that they were sent, to whom and about what, stays
        select array_agg(message_id), max(created_at) into names, reached
        from (
            select message_id, created_at from outbox
            where
                created_at >= since and created_at < before and content <> '{}'
                and (status = 'sent' or (status = 'suppressed' and last_error is distinct from 'flood'))
            order by created_at limit at_most
        );
        update outbox set content = '{}' where message_id = any(names);
    elsif what = 'merchant_profiles' then
        select array_agg(distinct profile_day::text) into names
        from (select profile_day from merchant_profiles where profile_day < before::date order by 1 limit at_most);
        delete from merchant_profiles where profile_day = any(names::date[]);
    else
        raise invalid_parameter_value using message = format('nothing of the kind %s is purged', what);
    end if;
    get diagnostics purged = row_count;
    perform note_purge(run, what, before, purged);
    return next;
end
$$;

-- migrate:down
-- squawk-ignore ban-drop-function
drop function purge_aged(text, timestamptz, timestamptz, integer, timestamptz),
purge_payments(timestamptz, timestamptz, integer, timestamptz),
note_purge(timestamptz, text, timestamptz, bigint), purged_key(text);
-- squawk-ignore require-concurrent-index-deletion
drop index outbox_readable, quarantine_readable, quarantine_created, landing_index_received, shadow_scores_scored,
payment_events_recorded, labels_recorded, payment_history_replaced;
drop table purged_payments, purges;
