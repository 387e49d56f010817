-- A snapshot of what sql/migrations make, for reading; a test holds the two equal.
CREATE SCHEMA report;
CREATE TYPE public.counted_payment AS (
	trans_num text,
	merchant text,
	event_time timestamp with time zone,
	landing_seq bigint,
	is_fraud boolean
);
CREATE TABLE public.merchant_days (
    merchant text NOT NULL,
    event_day date NOT NULL,
    from_day date NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    payments bigint NOT NULL,
    labelled bigint NOT NULL,
    frauds bigint NOT NULL
)
WITH (fillfactor='70');
COMMENT ON TABLE public.merchant_days IS 'Sums that merchant profiles are made of; kept by triggers on payments and labels.';
COMMENT ON COLUMN public.merchant_days.from_day IS 'Labels and frauds count in profiles from this day on; payments always.';
COMMENT ON COLUMN public.merchant_days.first_seq IS 'Every payment in the row first landed in first_seq to last_seq.';
CREATE FUNCTION public.add_merchant_days(added public.merchant_days[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    latest date := (select max(event_day) from merchant_days where payments > 0);
    starts bigint[];
begin
    insert into merchant_day_spans
    select distinct min(min(first_seq)) over (order by event_day desc) as seq
    from unnest(added)
    where payments > 0 and (latest is null or event_day > latest)
    group by event_day
    order by seq
    on conflict do nothing;
    starts := array(select first_seq from merchant_day_spans order by first_seq);
    insert into merchant_days as stored
    select
        merchant,
        event_day,
        from_day,
        starts[width_bucket(first_seq, starts)],
        max(last_seq),
        sum(payments),
        sum(labelled),
        sum(frauds)
    from unnest(added)
    group by 1, 2, 3, 4
    having sum(payments) <> 0 or sum(labelled) <> 0 or sum(frauds) <> 0
    order by 2, 1, 3, 4
    on conflict (event_day, merchant, from_day, first_seq) do update
        set
            last_seq = greatest(stored.last_seq, excluded.last_seq),
            payments = stored.payments + excluded.payments,
            labelled = stored.labelled + excluded.labelled,
            frauds = stored.frauds + excluded.frauds;
    if exists (select from unnest(added) where payments < 0 or labelled < 0 or frauds < 0) then
        delete from merchant_days as stored
        using (select distinct event_day, merchant, from_day from unnest(added)) as touched
        where
            stored.event_day = touched.event_day
            and stored.merchant = touched.merchant
            and stored.from_day = touched.from_day
            and (stored.payments, stored.labelled, stored.frauds) = (0, 0, 0);
    end if;
end
$$;
CREATE FUNCTION public.count_labels() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    if tg_op <> 'DELETE' then
        insert into labels_to_count (trans_num) select distinct trans_num from became;
    end if;
    if tg_op <> 'INSERT' then
        insert into labels_to_count (trans_num) select distinct trans_num from was;
    end if;
    return null;
end
$$;
CREATE FUNCTION public.count_labels_of(names text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    said labels[];
    about counted_payment[];
    gone merchant_days[];
    came merchant_days[];
begin
    if cardinality(names) = 0 then
        return;
    end if;
    said := array(select labels from labels where trans_num = any(names));
    about := array(
        select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
        from payments_scored where trans_num = any(names) and not is_refund
    );
    with removed as (
        delete from label_counts where trans_num = any(names) returning *
    )
    select array_agg(
        row(merchant, event_day, from_day, landing_seq, landing_seq, 0, -labelled, -frauds)::merchant_days
    )
    into gone
    from removed;
    with counted as (
        insert into label_counts select * from label_day_counts(about, said) returning *
    )
    select array_agg(
        row(merchant, event_day, from_day, landing_seq, landing_seq, 0, labelled, frauds)::merchant_days
    )
    into came
    from counted;
    perform add_merchant_days(coalesce(gone, '{}') || coalesce(came, '{}'));
end
$$;
CREATE FUNCTION public.count_payments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    came counted_payment[] := '{}';
    gone counted_payment[] := '{}';
    names text[];
begin
    if tg_op = 'INSERT' then
        came := array(
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from became where not is_refund
        );
    elsif tg_op = 'DELETE' then
        gone := array(
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from was where not is_refund
        );
    else
        came := array(
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from became where not is_refund
            except all
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from was where not is_refund
        );
        gone := array(
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from was where not is_refund
            except all
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from became where not is_refund
        );
    end if;
    if cardinality(came) + cardinality(gone) = 0 then
        return null;
    end if;
    perform lock_merchant_days();
    perform add_merchant_days(array(
        select counts from payment_day_counts(came, 1) as counts
        union all
        select counts from payment_day_counts(gone, -1) as counts
    ));
    names := array(select trans_num from unnest(came || gone));
    perform count_labels_of(array(
        select trans_num from labels where trans_num = any(names)
        union
        select trans_num from label_counts where trans_num = any(names)
    ));
    return null;
end
$$;
CREATE FUNCTION public.count_waiting_labels(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    names text[];
begin
    perform lock_merchant_days();
    with taken as (
        delete from labels_to_count
        where queue_id in (select queue_id from labels_to_count order by queue_id limit at_most)
        returning trans_num
    )
    select array_agg(trans_num) into names from taken;
    perform count_labels_of(array(select distinct trans_num from unnest(names) as trans_num));
    return coalesce(cardinality(names), 0);
end
$$;
CREATE FUNCTION public.keep_predecessors() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        was.trans_num,
        became.landing_seq,
        case
            when became.first_landing_seq < was.first_landing_seq then 'late load'
            when became.body_hash <> was.body_hash then 'correction'
            else 'rescore'
        end,
        was.landing_seq,
        to_jsonb(was)
    from was
    inner join became on was.trans_num = became.trans_num
    where was is distinct from became
    order by was.trans_num;
    return null;
end
$$;
CREATE TABLE public.label_counts (
    trans_num text NOT NULL,
    from_day date NOT NULL,
    merchant text NOT NULL,
    event_day date NOT NULL,
    landing_seq bigint NOT NULL,
    labelled bigint NOT NULL,
    frauds bigint NOT NULL
);
COMMENT ON TABLE public.label_counts IS 'What labels changed of the sums in merchant_days, as it is counted there.';
CREATE TABLE public.labels (
    label_id bigint NOT NULL,
    trans_num text NOT NULL,
    source text NOT NULL,
    verdict text NOT NULL,
    known_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    author text NOT NULL,
    note text,
    landing_seq bigint,
    CONSTRAINT labels_source_check CHECK ((source = ANY (ARRAY['payload'::text, 'verdict'::text, 'chargeback'::text]))),
    CONSTRAINT labels_verdict_check CHECK ((verdict = ANY (ARRAY['fraud'::text, 'not_fraud'::text, 'unsure'::text, 'withdrawn'::text])))
);
CREATE FUNCTION public.label_day_counts(counted public.counted_payment[], said public.labels[]) RETURNS SETOF public.label_counts
    LANGUAGE sql STABLE
    SET "TimeZone" TO 'UTC'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with
    payments as (
        select
            trans_num,
            merchant,
            landing_seq,
            is_fraud,
            (event_time at time zone (select time_zone from report_settings))::date as event_day,
            (
                (event_time + (select label_delay from report_settings))
                at time zone (select time_zone from report_settings)
            )::date + 1 as from_day
        from unnest(counted)
    ),
    words as (
        select
            trans_num,
            source,
            verdict,
            (known_at at time zone (select time_zone from report_settings))::date + 1 as from_day,
            row_number() over (order by known_at, landing_seq nulls first, label_id) as place
        from unnest(said)
    ),
    -- the days on which what is known of a payment's label may change
    changes as (
        select trans_num, from_day from words
        union
        select trans_num, from_day from payments
        where is_fraud is not null and trans_num in (select trans_num from words)
    ),
    last_words as (
        select distinct on (changes.trans_num, changes.from_day, words.source)
            changes.trans_num,
            changes.from_day,
            words.source,
            words.verdict
        from changes
        inner join words on changes.trans_num = words.trans_num and changes.from_day >= words.from_day
        order by changes.trans_num asc, changes.from_day asc, words.source asc, words.place desc
    ),
    first_source as (
        select distinct on (trans_num, from_day)
            trans_num,
            from_day,
            verdict = 'fraud' as is_fraud
        from last_words
        where verdict in ('fraud', 'not_fraud')
        order by trans_num, from_day, array_position(array['chargeback', 'verdict', 'payload'], source)
    ),
    known as (
        select
            payments.merchant,
            payments.event_day,
            payments.landing_seq,
            payments.trans_num,
            changes.from_day,
            coalesce(
                first_source.is_fraud,
                case when payments.from_day <= changes.from_day then payments.is_fraud end
            ) as is_fraud
        from payments
        inner join changes on payments.trans_num = changes.trans_num
        left join first_source
            on changes.trans_num = first_source.trans_num and changes.from_day = first_source.from_day
    ),
    steps as (
        select
            trans_num,
            merchant,
            event_day,
            from_day,
            landing_seq,
            is_fraud,
            lag(is_fraud) over (partition by trans_num order by from_day) as was_fraud
        from known
    ),
    pieces as (
        select
            trans_num,
            from_day,
            merchant,
            event_day,
            landing_seq,
            -1 as labelled,
            -(is_fraud::integer) as frauds
        from payments
        where is_fraud is not null and trans_num in (select trans_num from words)
        union all
        select
            trans_num,
            from_day,
            merchant,
            event_day,
            landing_seq,
            (is_fraud is not null)::integer - (was_fraud is not null)::integer,
            coalesce(is_fraud, false)::integer - coalesce(was_fraud, false)::integer
        from steps
        where is_fraud is distinct from was_fraud
    )
    select
        trans_num,
        from_day,
        merchant,
        event_day,
        landing_seq,
        sum(labelled)::bigint,
        sum(frauds)::bigint
    from pieces
    group by trans_num, from_day, merchant, event_day, landing_seq
    having sum(labelled) <> 0 or sum(frauds) <> 0
$$;
CREATE FUNCTION public.lock_before_payments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    perform lock_merchant_days();
    return null;
end
$$;
CREATE FUNCTION public.lock_merchant_days() RETURNS void
    LANGUAGE sql
    AS $$
    select pg_advisory_xact_lock(hashtextextended('merchant days', 0))
$$;
CREATE FUNCTION public.mark_imported_label() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if pg_has_role((select relowner from pg_class where oid = tg_relid), 'usage') then
        return new;
    end if;
    if new.source = 'payload' then
        new.author := 'payload';
    else
        new.author := format('import:%s %s', session_user, new.author);
    end if;
    return new;
end
$$;
CREATE FUNCTION public.note_model_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    known text := (
        select detail ->> 'model_hash' from audit_events where action = 'model change' order by event_id desc limit 1
    );
begin
    if known is distinct from new.model_hash then
        insert into audit_events (actor, action, detail)
        values (
            session_user,
            'model change',
            jsonb_build_object('model_hash', new.model_hash, 'before', known, 'batch_id', new.batch_id)
        );
    end if;
    return null;
end
$$;
CREATE FUNCTION public.note_purge(run timestamp with time zone, kind text, before timestamp with time zone, many bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    least_days integer := case
        when kind in ('payments', 'payment_history', 'payment_events', 'labels', 'merchant_profiles') then 90
        when kind = 'outbox' then 30
        else 1
    end;
begin
    -- an hour less: the caller's clock may be ahead
    if
        before > now() - make_interval(hours => 24 * least_days - 1)
        and not pg_has_role(session_user, current_user, 'member')
    then
        raise insufficient_privilege using
            message = format('%s younger than %s days are not purged', kind, least_days);
    end if;
    insert into purges as noted (started_at, what, older_than, purged, ended_at)
    select run, kind, before, many, clock_timestamp()
    where many > 0
    on conflict (started_at, what) do update
        set purged = noted.purged + excluded.purged, ended_at = excluded.ended_at;
end
$$;
CREATE FUNCTION public.payment_day_counts(counted public.counted_payment[], sign integer) RETURNS SETOF public.merchant_days
    LANGUAGE sql STABLE
    SET "TimeZone" TO 'UTC'
    AS $$
    select
        merchant,
        (event_time at time zone time_zone)::date,
        ((event_time + label_delay) at time zone time_zone)::date + 1,
        landing_seq,
        landing_seq,
        sign * count(*),
        sign * count(is_fraud),
        sign * count(*) filter (where is_fraud)
    from unnest(counted)
    cross join report_settings
    group by 1, 2, 3, 4
$$;
CREATE FUNCTION public.payment_place(kind text, amount_cents bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select case when amount_cents < 0 then 2 when kind = 'capture' then 1 else 0 end $$;
CREATE FUNCTION public.purge_aged(what text, since timestamp with time zone, before timestamp with time zone, at_most integer, run timestamp with time zone) RETURNS TABLE(purged bigint, reached timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
CREATE FUNCTION public.purge_payments(since timestamp with time zone, before timestamp with time zone, at_most integer, run timestamp with time zone) RETURNS TABLE(purged bigint, reached timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
CREATE FUNCTION public.purged_key(trans_num text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (encode(substr(sha256(convert_to(trans_num, 'UTF8'::name)), 1, 16), 'hex'::text))::uuid;
CREATE FUNCTION public.recount_after() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform recount_merchant_days();
    return null;
end
$$;
CREATE FUNCTION public.recount_merchant_days() RETURNS void
    LANGUAGE plpgsql
    SET "TimeZone" TO 'UTC'
    AS $$
declare
    starts bigint[];
    names text[];
begin
    perform lock_merchant_days();
    delete from labels_to_count;
    delete from label_counts;
    delete from merchant_days;
    delete from merchant_day_spans;
    insert into merchant_day_spans
    select 0
    union
    select min(min(first_landing_seq)) over (order by days.event_day desc)
    from payments_scored
    cross join report_settings
    cross join lateral (select (event_time at time zone time_zone)::date as event_day) as days
    where not is_refund
    group by days.event_day;
    starts := array(select first_seq from merchant_day_spans order by first_seq);
    insert into merchant_days
    select
        merchant,
        (event_time at time zone time_zone)::date,
        ((event_time + label_delay) at time zone time_zone)::date + 1,
        starts[width_bucket(first_landing_seq, starts)],
        max(first_landing_seq),
        count(*),
        count(payload_is_fraud),
        count(*) filter (where payload_is_fraud)
    from payments_scored
    cross join report_settings
    where not is_refund
    group by 1, 2, 3, 4
    order by 2, 1;
    for names in
        select array_agg(trans_num)
        from (select trans_num, row_number() over () / 20000 as part from (select distinct trans_num from labels))
        group by part
    loop
        perform count_labels_of(names);
    end loop;
end
$$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'DELETE' and current_setting('fraud_scorer.purge', true) = 'on'
        or (select rolsuper from pg_roles where rolname = current_user)
    then
        return null;
    end if;
    raise insufficient_privilege using
        message = format('%s is append-only: %s is refused', tg_table_name, lower(tg_op)),
        hint = 'Append a row that says otherwise; what is old goes by `fraud-scorer housekeeping`.';
end
$$;
CREATE FUNCTION public.refuse_far_times() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if
        greatest(new.next_attempt_at, new.leased_until, new.sent_at) > clock_timestamp() + interval '1 hour'
        and not pg_has_role((select relowner from pg_class where oid = tg_relid), 'usage')
    then
        raise check_violation using
            message = 'a message is due, leased until or sent within the hour',
            hint = 'Is the clock of the sender right?';
    end if;
    return new;
end
$$;
CREATE FUNCTION public.refuse_label_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if (
        old.source = 'payload'
        and old.landing_seq is not null
        and to_jsonb(new) - 'known_at' = to_jsonb(old) - 'known_at'
        or (select rolsuper from pg_roles where rolname = current_user)
    ) then
        return new;
    end if;
    raise insufficient_privilege using
        message = 'labels is append-only: of a label only the time at which a payload''s became known may be mended',
        hint = 'Append another label.';
end
$$;
CREATE TABLE public.audit_events (
    event_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    login text DEFAULT SESSION_USER NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_events_actor_check CHECK (((actor <> ''::text) AND (length(actor) <= 200)))
);
COMMENT ON TABLE public.audit_events IS 'What somebody did beside the pipeline''s own runs: who, what, when.';
COMMENT ON COLUMN public.audit_events.login IS 'The database login, as PostgreSQL knows it.';
COMMENT ON COLUMN public.audit_events.actor IS 'The user of the operating system and the machine, as the program said.';
ALTER TABLE public.audit_events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.card_tokens (
    earlier_token text NOT NULL,
    token text NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.card_tokens IS 'Tokens that an older card key made, and the same card''s token under a newer one.';
CREATE TABLE public.circuit_breaker (
    endpoint text NOT NULL,
    failed_runs integer DEFAULT 0 NOT NULL,
    open_until timestamp with time zone,
    last_error text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.desk_claims (
    signature bytea NOT NULL,
    author text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    made_in xid8 DEFAULT pg_current_xact_id() NOT NULL
);
CREATE TABLE public.desk_key (
    only_row boolean DEFAULT true NOT NULL,
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    CONSTRAINT desk_key_inner_pad_check CHECK ((length(inner_pad) = 64)),
    CONSTRAINT desk_key_only_row_check CHECK (only_row),
    CONSTRAINT desk_key_outer_pad_check CHECK ((length(outer_pad) = 64))
);
COMMENT ON TABLE public.desk_key IS 'What checks the dashboard''s signatures; written by migrate, read by no role.';
CREATE TABLE public.drift_days (
    day date NOT NULL,
    model_hash text NOT NULL,
    payments bigint NOT NULL,
    compared bigint NOT NULL,
    whole_day boolean NOT NULL,
    reference jsonb,
    computed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.feature_drift (
    day date NOT NULL,
    model_hash text NOT NULL,
    feature text NOT NULL,
    feature_group text NOT NULL,
    psi double precision NOT NULL,
    missing_share double precision NOT NULL,
    bins text[] NOT NULL,
    reference_shares real[] NOT NULL,
    day_shares real[] NOT NULL,
    CONSTRAINT feature_drift_check CHECK ((cardinality(bins) = cardinality(reference_shares))),
    CONSTRAINT feature_drift_check1 CHECK ((cardinality(bins) = cardinality(day_shares))),
    CONSTRAINT feature_drift_feature_group_check CHECK ((feature_group = ANY (ARRAY['payment'::text, 'card'::text, 'merchant'::text, 'score'::text]))),
    CONSTRAINT feature_drift_missing_share_check CHECK (((missing_share >= (0)::double precision) AND (missing_share <= (1)::double precision)))
);
COMMENT ON TABLE public.feature_drift IS 'Population stability index of a day''s payments against the model''s reference.';
ALTER TABLE public.labels ALTER COLUMN label_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.labels_label_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.labels_to_count (
    queue_id bigint NOT NULL,
    trans_num text NOT NULL
);
COMMENT ON TABLE public.labels_to_count IS 'Payments of which something was said that merchant_days do not count yet.';
ALTER TABLE public.labels_to_count ALTER COLUMN queue_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.labels_to_count_queue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.landing_index (
    batch_id text NOT NULL,
    part integer NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    byte_count bigint NOT NULL,
    http_status integer NOT NULL,
    received_at timestamp with time zone NOT NULL
);
COMMENT ON COLUMN public.landing_index.sha256 IS 'HMAC-SHA256 of the landed body under a landing key; empty of what landed before marks were keyed';
CREATE TABLE public.run_ledger (
    batch_id text NOT NULL,
    kind text NOT NULL,
    minute timestamp with time zone,
    status text NOT NULL,
    landing_seq bigint,
    claim uuid,
    attempts integer DEFAULT 0 NOT NULL,
    landed_at timestamp with time zone,
    loaded_at timestamp with time zone,
    lag_seconds double precision,
    seconds double precision,
    received integer DEFAULT 0 NOT NULL,
    valid integer DEFAULT 0 NOT NULL,
    quarantined integer DEFAULT 0 NOT NULL,
    inserted integer DEFAULT 0 NOT NULL,
    updated integer DEFAULT 0 NOT NULL,
    unchanged integer DEFAULT 0 NOT NULL,
    flagged integer DEFAULT 0 NOT NULL,
    alerted integer DEFAULT 0 NOT NULL,
    scored_by text,
    fallback_reason text,
    invoked_variant text,
    threshold double precision,
    model_hash text,
    error text,
    refusals integer DEFAULT 0 NOT NULL,
    claimed_at timestamp with time zone,
    unanswered integer DEFAULT 0 NOT NULL,
    note text,
    dropped jsonb,
    events integer DEFAULT 0 NOT NULL,
    lone_unanswered integer DEFAULT 0 NOT NULL,
    passed_for text,
    passed_by text,
    passed_at timestamp with time zone,
    tried_again_at timestamp with time zone,
    CONSTRAINT run_ledger_check CHECK (((kind = 'minute'::text) = (minute IS NOT NULL))),
    CONSTRAINT run_ledger_kind_check CHECK ((kind = ANY (ARRAY['minute'::text, 'history'::text, 'retry'::text, 'again'::text]))),
    CONSTRAINT run_ledger_passed_for_check CHECK ((passed_for = ANY (ARRAY['refusals'::text, 'lone_runs'::text, 'hand'::text]))),
    CONSTRAINT run_ledger_status_check CHECK ((status = ANY (ARRAY['landed'::text, 'done'::text, 'failed'::text, 'missed'::text])))
);
COMMENT ON COLUMN public.run_ledger.attempts IS 'Runs that claimed it before it was loaded, whatever ended them.';
COMMENT ON COLUMN public.run_ledger.refusals IS 'Runs in which it alone was refused; at the fifth it has failed.';
COMMENT ON COLUMN public.run_ledger.claimed_at IS 'When a run last took it while it waited; an import holds its day by it.';
COMMENT ON COLUMN public.run_ledger.unanswered IS 'Runs in a row that took it and were killed or ran out of time: the next one takes half as many batches.';
COMMENT ON COLUMN public.run_ledger.note IS 'What its answers said that was not followed: more pages, an error beside the records. Null: nothing.';
COMMENT ON COLUMN public.run_ledger.dropped IS 'How many unusable optional values its payments lost, by field and reason; null: none.';
COMMENT ON COLUMN public.run_ledger.events IS 'Refunds, captures, disputes and the like that came for known payments.';
COMMENT ON COLUMN public.run_ledger.lone_unanswered IS 'Runs in a row that took it alone and were killed or ran out of time; at the third it has failed.';
COMMENT ON COLUMN public.run_ledger.passed_for IS 'Why it was passed: refusals, lone_runs (unanswered), or hand.';
COMMENT ON COLUMN public.run_ledger.passed_by IS 'Who passed it by hand.';
COMMENT ON COLUMN public.run_ledger.passed_at IS 'When it was passed last.';
COMMENT ON COLUMN public.run_ledger.tried_again_at IS 'When it was tried again after it was passed: once by itself, as often as somebody says.';
CREATE VIEW public.landing_queue AS
 SELECT batch_id,
    landing_seq,
    (kind = 'history'::text) AS is_import
   FROM public.run_ledger
  WHERE ((status = 'landed'::text) AND ((kind <> 'history'::text) OR (claimed_at > (clock_timestamp() - '00:02:00'::interval))));
COMMENT ON VIEW public.landing_queue IS 'Landed batches that are not loaded: each holds up what landed after it.';
CREATE TABLE public.merchant_day_spans (
    first_seq bigint NOT NULL
);
COMMENT ON TABLE public.merchant_day_spans IS 'The landings that opened a day: where spans in merchant_days begin.';
CREATE TABLE public.merchant_profiles (
    profile_day date NOT NULL,
    merchant text NOT NULL,
    payments_7d bigint NOT NULL,
    payments_30d bigint NOT NULL,
    labelled_7d bigint NOT NULL,
    labelled_30d bigint NOT NULL,
    frauds_7d bigint NOT NULL,
    frauds_30d bigint NOT NULL
);
CREATE TABLE public.outbox (
    message_id text NOT NULL,
    batch_id text,
    kind text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    content jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['alert'::text, 'operator'::text, 'daily'::text]))),
    CONSTRAINT outbox_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'suppressed'::text])))
);
CREATE TABLE public.outbox_payments (
    channel text NOT NULL,
    recipient text NOT NULL,
    trans_num text NOT NULL,
    message_id text NOT NULL
);
CREATE TABLE public.payment_events (
    event_id bigint NOT NULL,
    trans_num text NOT NULL,
    kind text NOT NULL,
    amount_cents bigint NOT NULL,
    currency character(3) NOT NULL,
    event_time timestamp with time zone NOT NULL,
    occurrence timestamp with time zone,
    card_token text NOT NULL,
    card_key_id text NOT NULL,
    card_last4 character(4) NOT NULL,
    merchant text NOT NULL,
    category text,
    body_hash bytea NOT NULL,
    batch_id text NOT NULL,
    landing_seq bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payment_events_kind_check CHECK ((kind = ANY (ARRAY['purchase'::text, 'authorisation'::text, 'capture'::text, 'refund'::text, 'reversal'::text, 'dispute'::text, 'decline'::text, 'verification'::text])))
);
COMMENT ON TABLE public.payment_events IS 'Refunds, captures, disputes and the like, beside their payments and what was decided of these.';
COMMENT ON COLUMN public.payment_events.amount_cents IS 'Minor units of currency; negative where money goes back to the card.';
COMMENT ON COLUMN public.payment_events.event_time IS 'When it happened, as its first landed delivery says.';
COMMENT ON COLUMN public.payment_events.occurrence IS 'Tells events of one amount apart: the event time; null if the API stamps its answers with its own clock.';
ALTER TABLE public.payment_events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.payment_history (
    history_id bigint NOT NULL,
    trans_num text NOT NULL,
    replaced_at timestamp with time zone DEFAULT now() NOT NULL,
    replaced_by_seq bigint NOT NULL,
    why text NOT NULL,
    landing_seq bigint NOT NULL,
    was jsonb NOT NULL,
    CONSTRAINT payment_history_why_check CHECK ((why = ANY (ARRAY['correction'::text, 'rescore'::text, 'late load'::text])))
);
ALTER TABLE public.payment_history ALTER COLUMN history_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_history_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.payments_scored (
    trans_num text NOT NULL,
    event_time timestamp with time zone NOT NULL,
    first_batch_id text NOT NULL,
    first_landing_seq bigint NOT NULL,
    batch_id text NOT NULL,
    landing_seq bigint NOT NULL,
    body_hash bytea NOT NULL,
    amount_cents bigint NOT NULL,
    currency character(3) NOT NULL,
    is_refund boolean GENERATED ALWAYS AS ((amount_cents < 0)) STORED NOT NULL,
    card_token text NOT NULL,
    card_key_id text NOT NULL,
    card_last4 character(4) NOT NULL,
    merchant text NOT NULL,
    category text,
    city text,
    state text,
    zip text,
    home_lat double precision,
    home_long double precision,
    merch_lat double precision,
    merch_long double precision,
    city_pop integer,
    gender text,
    age_years double precision,
    payload_is_fraud boolean,
    raw_score double precision,
    fraud_probability double precision,
    threshold double precision,
    flagged boolean DEFAULT false NOT NULL,
    reasons jsonb,
    features real[],
    model_hash text,
    scored_by text,
    scored_at timestamp with time zone,
    kind text,
    CONSTRAINT payments_scored_fraud_probability_check CHECK (((fraud_probability >= (0)::double precision) AND (fraud_probability <= (1)::double precision))),
    CONSTRAINT payments_scored_scored_by_check CHECK ((scored_by = ANY (ARRAY['local'::text, 'sagemaker'::text, 'local-fallback'::text])))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.01');
COMMENT ON TABLE public.payments_scored IS 'One row a payment: its latest body and its decision in force.';
COMMENT ON COLUMN public.payments_scored.amount_cents IS 'Minor units of currency; negative is a refund.';
COMMENT ON COLUMN public.payments_scored.features IS 'What the scorer saw, in the order of the manifest of model_hash.';
COMMENT ON COLUMN public.payments_scored.kind IS 'purchase, authorisation, or what stands for them while they are not known: capture, refund, reversal.';
CREATE TABLE public.purged_payments (
    payment_key uuid NOT NULL
);
COMMENT ON TABLE public.purged_payments IS 'Payments that were purged, by purged_key(trans_num): they are never new again.';
CREATE TABLE public.purges (
    started_at timestamp with time zone NOT NULL,
    what text NOT NULL,
    older_than timestamp with time zone NOT NULL,
    purged bigint NOT NULL,
    ended_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.purges IS 'What was purged for its age, how many rows of it, and when; kept for ever.';
CREATE TABLE public.quarantine (
    quarantine_id bigint NOT NULL,
    batch_id text NOT NULL,
    part integer NOT NULL,
    row_index integer,
    reason text NOT NULL,
    detail text NOT NULL,
    record bytea NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT quarantine_status_check CHECK ((status = ANY (ARRAY['open'::text, 'retried'::text, 'dropped'::text])))
);
ALTER TABLE public.quarantine ALTER COLUMN quarantine_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.report_settings (
    only_row boolean DEFAULT true NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    label_delay interval DEFAULT '7 days'::interval NOT NULL,
    currency character(3) DEFAULT 'USD'::bpchar NOT NULL,
    CONSTRAINT report_settings_only_row_check CHECK (only_row)
);
CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);
CREATE TABLE public.shadow_scores (
    trans_num text NOT NULL,
    model_hash text NOT NULL,
    raw_score double precision NOT NULL,
    fraud_probability double precision NOT NULL,
    threshold double precision NOT NULL,
    flagged boolean NOT NULL,
    scored_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT shadow_scores_fraud_probability_check CHECK (((fraud_probability >= (0)::double precision) AND (fraud_probability <= (1)::double precision)))
);
COMMENT ON TABLE public.shadow_scores IS 'Decisions of models that score along (SHADOW_ARTIFACTS), beside the live ones.';
CREATE TABLE public.snoozes (
    snooze_id bigint NOT NULL,
    subject text NOT NULL,
    value text NOT NULL,
    until timestamp with time zone NOT NULL,
    author text NOT NULL,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT snoozes_subject_check CHECK ((subject = ANY (ARRAY['card'::text, 'merchant'::text])))
);
ALTER TABLE public.snoozes ALTER COLUMN snooze_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.snoozes_snooze_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY public.card_tokens
    ADD CONSTRAINT card_tokens_pkey PRIMARY KEY (earlier_token);
ALTER TABLE ONLY public.circuit_breaker
    ADD CONSTRAINT circuit_breaker_pkey PRIMARY KEY (endpoint);
ALTER TABLE ONLY public.desk_claims
    ADD CONSTRAINT desk_claims_pkey PRIMARY KEY (signature);
ALTER TABLE ONLY public.desk_key
    ADD CONSTRAINT desk_key_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY public.drift_days
    ADD CONSTRAINT drift_days_pkey PRIMARY KEY (day, model_hash);
ALTER TABLE ONLY public.feature_drift
    ADD CONSTRAINT feature_drift_pkey PRIMARY KEY (day, model_hash, feature);
ALTER TABLE ONLY public.label_counts
    ADD CONSTRAINT label_counts_pkey PRIMARY KEY (trans_num, from_day);
ALTER TABLE public.labels
    ADD CONSTRAINT labels_author_check CHECK (((length(author) >= 1) AND (length(author) <= 300))) NOT VALID;
ALTER TABLE public.labels
    ADD CONSTRAINT labels_known_at_check CHECK (isfinite(known_at)) NOT VALID;
ALTER TABLE public.labels
    ADD CONSTRAINT labels_note_check CHECK ((length(note) <= 2000)) NOT VALID;
ALTER TABLE ONLY public.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (label_id);
ALTER TABLE ONLY public.labels_to_count
    ADD CONSTRAINT labels_to_count_pkey PRIMARY KEY (queue_id);
ALTER TABLE ONLY public.landing_index
    ADD CONSTRAINT landing_index_pkey PRIMARY KEY (batch_id, part);
ALTER TABLE ONLY public.merchant_day_spans
    ADD CONSTRAINT merchant_day_spans_pkey PRIMARY KEY (first_seq);
ALTER TABLE ONLY public.merchant_days
    ADD CONSTRAINT merchant_days_pkey PRIMARY KEY (event_day, merchant, from_day, first_seq);
ALTER TABLE ONLY public.merchant_profiles
    ADD CONSTRAINT merchant_profiles_pkey PRIMARY KEY (profile_day, merchant);
ALTER TABLE public.outbox
    ADD CONSTRAINT outbox_attempts_check CHECK ((attempts >= 0)) NOT VALID;
ALTER TABLE public.outbox
    ADD CONSTRAINT outbox_channel_check CHECK ((channel ~ '^[a-z][a-z_]*$'::text)) NOT VALID;
ALTER TABLE public.outbox
    ADD CONSTRAINT outbox_last_error_check CHECK ((length(last_error) <= 2000)) NOT VALID;
ALTER TABLE ONLY public.outbox_payments
    ADD CONSTRAINT outbox_payments_pkey PRIMARY KEY (channel, recipient, trans_num);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_trans_num_kind_amount_cents_currency_occurre_key UNIQUE NULLS NOT DISTINCT (trans_num, kind, amount_cents, currency, occurrence);
ALTER TABLE ONLY public.payment_history
    ADD CONSTRAINT payment_history_pkey PRIMARY KEY (history_id);
ALTER TABLE ONLY public.payments_scored
    ADD CONSTRAINT payments_scored_pkey PRIMARY KEY (trans_num);
ALTER TABLE ONLY public.purged_payments
    ADD CONSTRAINT purged_payments_pkey PRIMARY KEY (payment_key);
ALTER TABLE ONLY public.purges
    ADD CONSTRAINT purges_pkey PRIMARY KEY (started_at, what);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_batch_id_part_row_index_key UNIQUE NULLS NOT DISTINCT (batch_id, part, row_index);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);
ALTER TABLE ONLY public.report_settings
    ADD CONSTRAINT report_settings_pkey PRIMARY KEY (only_row);
ALTER TABLE public.run_ledger
    ADD CONSTRAINT run_ledger_alerted_check CHECK (((alerted >= 0) AND (alerted <= GREATEST(received, valid, flagged)))) NOT VALID;
ALTER TABLE ONLY public.run_ledger
    ADD CONSTRAINT run_ledger_landing_seq_key UNIQUE (landing_seq);
ALTER TABLE ONLY public.run_ledger
    ADD CONSTRAINT run_ledger_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.shadow_scores
    ADD CONSTRAINT shadow_scores_pkey PRIMARY KEY (trans_num, model_hash);
ALTER TABLE ONLY public.snoozes
    ADD CONSTRAINT snoozes_pkey PRIMARY KEY (snooze_id);
CREATE INDEX audit_events_action ON public.audit_events USING btree (action, event_id);
CREATE INDEX desk_claims_made_at ON public.desk_claims USING btree (made_at);
CREATE UNIQUE INDEX labels_chargeback_once ON public.labels USING btree (trans_num, verdict, known_at) WHERE (source = 'chargeback'::text);
CREATE INDEX labels_known ON public.labels USING btree (known_at);
CREATE UNIQUE INDEX labels_payload_landing ON public.labels USING btree (trans_num, landing_seq) WHERE (source = 'payload'::text);
CREATE INDEX labels_recorded ON public.labels USING btree (recorded_at);
CREATE INDEX labels_trans_num ON public.labels USING btree (trans_num);
CREATE INDEX landing_index_received ON public.landing_index USING btree (received_at);
CREATE INDEX outbox_batch ON public.outbox USING btree (batch_id);
CREATE INDEX outbox_created ON public.outbox USING btree (created_at);
CREATE INDEX outbox_open ON public.outbox USING btree (created_at) WHERE (status = ANY (ARRAY['pending'::text, 'failed'::text]));
CREATE INDEX outbox_payments_message ON public.outbox_payments USING btree (message_id);
CREATE INDEX outbox_payments_trans_num ON public.outbox_payments USING btree (trans_num);
CREATE INDEX outbox_readable ON public.outbox USING btree (created_at) WHERE (content <> '{}'::jsonb);
CREATE INDEX outbox_waiting ON public.outbox USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX payment_events_recorded ON public.payment_events USING btree (recorded_at);
CREATE INDEX payment_history_captures ON public.payment_history USING btree (replaced_by_seq) WHERE ((was ->> 'kind'::text) = 'capture'::text);
CREATE INDEX payment_history_replaced ON public.payment_history USING btree (replaced_at);
CREATE INDEX payment_history_trans_num ON public.payment_history USING btree (trans_num, history_id);
CREATE INDEX payments_scored_batch ON public.payments_scored USING btree (batch_id);
CREATE INDEX payments_scored_card ON public.payments_scored USING btree (card_token, event_time);
CREATE INDEX payments_scored_corrected ON public.payments_scored USING btree (landing_seq) WHERE (landing_seq > first_landing_seq);
CREATE INDEX payments_scored_draw ON public.payments_scored USING btree (event_time) INCLUDE (trans_num) WHERE ((NOT flagged) AND (amount_cents >= 0) AND (hashtextextended(trans_num, (0)::bigint) < '-9151314442816847872'::bigint));
CREATE INDEX payments_scored_event_time ON public.payments_scored USING btree (event_time) INCLUDE (amount_cents, currency, category, flagged);
CREATE INDEX payments_scored_flagged ON public.payments_scored USING btree (event_time) WHERE flagged;
CREATE INDEX payments_scored_payload_fraud ON public.payments_scored USING btree (event_time) WHERE payload_is_fraud;
CREATE INDEX quarantine_created ON public.quarantine USING btree (created_at);
CREATE INDEX quarantine_open ON public.quarantine USING btree (quarantine_id) WHERE (status = 'open'::text);
CREATE INDEX quarantine_readable ON public.quarantine USING btree (created_at) WHERE (record <> '\x'::bytea);
CREATE INDEX run_ledger_failed ON public.run_ledger USING btree (landing_seq) WHERE (status = 'failed'::text);
CREATE INDEX run_ledger_latest ON public.run_ledger USING btree (minute DESC NULLS LAST, landing_seq DESC);
CREATE INDEX run_ledger_loaded ON public.run_ledger USING btree (loaded_at);
CREATE INDEX run_ledger_open ON public.run_ledger USING btree (status) WHERE (status = ANY (ARRAY['failed'::text, 'landed'::text]));
CREATE INDEX run_ledger_unloaded ON public.run_ledger USING btree (landing_seq) WHERE (status = 'landed'::text);
CREATE INDEX shadow_scores_scored ON public.shadow_scores USING btree (scored_at);
CREATE INDEX snoozes_value ON public.snoozes USING btree (subject, value, until);
CREATE TRIGGER audit_events_keep BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER labels_append_only BEFORE UPDATE ON public.labels FOR EACH ROW EXECUTE FUNCTION public.refuse_label_change();
CREATE TRIGGER labels_count_changed AFTER UPDATE ON public.labels REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.count_labels();
CREATE TRIGGER labels_count_gone AFTER DELETE ON public.labels REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION public.count_labels();
CREATE TRIGGER labels_count_new AFTER INSERT ON public.labels REFERENCING NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.count_labels();
CREATE TRIGGER labels_count_none AFTER TRUNCATE ON public.labels FOR EACH STATEMENT EXECUTE FUNCTION public.recount_after();
CREATE TRIGGER labels_keep BEFORE DELETE OR TRUNCATE ON public.labels FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER labels_mark_imported BEFORE INSERT ON public.labels FOR EACH ROW EXECUTE FUNCTION public.mark_imported_label();
CREATE TRIGGER outbox_refuse_far_times BEFORE INSERT OR UPDATE ON public.outbox FOR EACH ROW EXECUTE FUNCTION public.refuse_far_times();
CREATE TRIGGER payment_history_keep BEFORE DELETE OR UPDATE OR TRUNCATE ON public.payment_history FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER payments_scored_count_changed AFTER UPDATE ON public.payments_scored REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.count_payments();
CREATE TRIGGER payments_scored_count_gone AFTER DELETE ON public.payments_scored REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION public.count_payments();
CREATE TRIGGER payments_scored_count_new AFTER INSERT ON public.payments_scored REFERENCING NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.count_payments();
CREATE TRIGGER payments_scored_count_none AFTER TRUNCATE ON public.payments_scored FOR EACH STATEMENT EXECUTE FUNCTION public.recount_after();
CREATE TRIGGER payments_scored_keep_predecessors AFTER UPDATE ON public.payments_scored REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.keep_predecessors();
CREATE TRIGGER payments_scored_lock_first BEFORE INSERT OR DELETE OR UPDATE ON public.payments_scored FOR EACH STATEMENT EXECUTE FUNCTION public.lock_before_payments();
CREATE TRIGGER report_settings_recount AFTER UPDATE ON public.report_settings FOR EACH ROW WHEN (((old.time_zone IS DISTINCT FROM new.time_zone) OR (old.label_delay IS DISTINCT FROM new.label_delay))) EXECUTE FUNCTION public.recount_after();
CREATE TRIGGER run_ledger_note_model AFTER UPDATE OF model_hash ON public.run_ledger FOR EACH ROW WHEN (((new.model_hash IS NOT NULL) AND (new.model_hash IS DISTINCT FROM old.model_hash))) EXECUTE FUNCTION public.note_model_change();
ALTER TABLE ONLY public.feature_drift
    ADD CONSTRAINT feature_drift_day_model_hash_fkey FOREIGN KEY (day, model_hash) REFERENCES public.drift_days(day, model_hash) ON DELETE CASCADE;
ALTER TABLE ONLY public.landing_index
    ADD CONSTRAINT landing_index_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
ALTER TABLE ONLY public.outbox_payments
    ADD CONSTRAINT outbox_payments_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.outbox(message_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
