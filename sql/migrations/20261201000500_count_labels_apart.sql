-- Labels count by themselves. The sums in merchant_days were kept by two triggers that had to see each other's table as
-- it was before: a statement that moves a payment and changes its label (load_late.sql) counted the label twice.
-- Now a payment counts without its labels, and what labels change of that is kept beside the sums, payment by payment:
-- it is replaced, never added to. Whoever says something only notes that it waits to be counted, and waits for nobody.
-- A span of landings begins where a day was opened, also for what lands out of order: the table stays small.
-- noqa: disable=RF02,ST05

-- migrate:up

-- Where a span of landings may begin: at 0, and with the landing that opened a day.
create table merchant_day_spans (
    first_seq bigint not null primary key
);

comment on table merchant_day_spans is 'The landings that opened a day: where spans in merchant_days begin.';

-- Grain: one payment of which something was said, and profile day from which on it changes the sums.
create table label_counts (
    trans_num text not null,
    from_day date not null,
    merchant text not null,
    event_day date not null,
    landing_seq bigint not null,
    labelled bigint not null,
    frauds bigint not null,
    primary key (trans_num, from_day)
);

comment on table label_counts is 'What labels changed of the sums in merchant_days, as it is counted there.';

-- Grain: one label that was added, changed or removed. No key but the number: nobody waits to note one.
create table labels_to_count (
    queue_id bigint generated always as identity primary key,
    trans_num text not null
);

comment on table labels_to_count is 'Payments of which something was said that merchant_days do not count yet.';

-- What payments amount to in merchant_days, by the first label of their payload; sign -1 takes them back.
-- Days of a delay are days of UTC, whatever the session's zone.
create function payment_day_counts(counted counted_payment[], sign integer)
returns setof merchant_days
language sql stable
set timezone = 'UTC'
as $$
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

-- What these labels change of what these payments amount to. Grain: one payment and profile day.
create function label_day_counts(counted counted_payment[], said labels[])
returns setof label_counts
language sql stable
set timezone = 'UTC'
set enable_nestloop = off
set jit = off
as $$
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

-- Add rows to merchant_days, under the lock; rows that come to nothing go.
-- squawk-ignore ban-drop-function
drop function add_merchant_days(merchant_days[]);
create function add_merchant_days(added merchant_days[]) returns void
language plpgsql
as $$
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

-- Count anew, under the lock, what labels change of these payments.
create function count_labels_of(names text[]) returns void
language plpgsql
as $$
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

-- Count at most so many of the labels that wait, under the lock; how many it took.
create function count_waiting_labels(at_most integer) returns integer
language plpgsql security definer
set search_path = public, pg_temp
as $$
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

-- Something was said of payments, or taken back.
create or replace function count_labels() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
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

-- Payments came, changed or went, by whatever statement. Rescoring changes nothing that is counted here.
create or replace function count_payments() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
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

-- Count everything anew: two readings of all payments, during which no load commits.
create or replace function recount_merchant_days() returns void
language plpgsql
set timezone = 'UTC'
as $$
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

-- squawk-ignore ban-drop-function
drop function merchant_day_counts(counted_payment[], labels[], integer);

-- Whoever writes payments takes the lock before any row of theirs: two that write the same payments wait for each
-- other in one order, and never for each other at once.
create function lock_before_payments() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
    perform lock_merchant_days();
    return null;
end
$$;

create trigger payments_scored_lock_first
before insert or update or delete on payments_scored
for each statement execute function lock_before_payments();

select recount_merchant_days();

-- migrate:down
drop trigger payments_scored_lock_first on payments_scored;
-- squawk-ignore ban-drop-function
drop function lock_before_payments(), count_waiting_labels(integer), count_labels_of(text[]),
add_merchant_days(merchant_days[]), label_day_counts(counted_payment[], labels[]),
payment_day_counts(counted_payment[], integer);
drop table labels_to_count, label_counts, merchant_day_spans;

-- The rows of merchant_days that these payments and what was said of them amount to; sign -1 takes them back.
-- Days of a delay are days of UTC, whatever the session's zone.
create function merchant_day_counts(counted counted_payment[], said labels[], sign integer)
returns setof merchant_days
language sql stable
set timezone = 'UTC'
set enable_nestloop = off
set jit = off
as $$
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
            merchant,
            event_day,
            from_day,
            landing_seq,
            1 as payments,
            case when is_fraud is not null and trans_num not in (select trans_num from words) then 1 else 0 end
                as labelled,
            case when is_fraud and trans_num not in (select trans_num from words) then 1 else 0 end as frauds
        from payments
        union all
        select
            merchant,
            event_day,
            from_day,
            landing_seq,
            0,
            (is_fraud is not null)::integer - (was_fraud is not null)::integer,
            coalesce(is_fraud, false)::integer - coalesce(was_fraud, false)::integer
        from steps
        where is_fraud is distinct from was_fraud
    )

    select
        merchant,
        event_day,
        from_day,
        landing_seq,
        landing_seq,
        sign * sum(payments)::bigint,
        sign * sum(labelled)::bigint,
        sign * sum(frauds)::bigint
    from pieces
    group by merchant, event_day, from_day, landing_seq
$$;

-- Add rows to merchant_days, under the lock. What landed since the latest day was opened shares that day's span.
create function add_merchant_days(added merchant_days[]) returns void
language sql
as $$
    with
    latest as (
        select greatest(
            (select max(event_day) from unnest(added) where payments > 0),
            (select max(event_day) from merchant_days where payments > 0)
        ) as event_day
    ),

    opened as (
        select least(
            (select min(first_seq) from unnest(added) where payments > 0 and event_day = latest.event_day),
            (select min(first_seq) from merchant_days where payments > 0 and event_day = latest.event_day)
        ) as seq
        from latest
    )

    insert into merchant_days as stored
    select
        added.merchant,
        added.event_day,
        added.from_day,
        case when added.first_seq >= opened.seq then opened.seq else added.first_seq end,
        max(added.last_seq),
        sum(added.payments),
        sum(added.labelled),
        sum(added.frauds)
    from unnest(added) as added
    cross join opened
    group by 1, 2, 3, 4
    having sum(added.payments) <> 0 or sum(added.labelled) <> 0 or sum(added.frauds) <> 0
    order by 2, 1, 3, 4
    on conflict (event_day, merchant, from_day, first_seq) do update
        set
            last_seq = greatest(stored.last_seq, excluded.last_seq),
            payments = stored.payments + excluded.payments,
            labelled = stored.labelled + excluded.labelled,
            frauds = stored.frauds + excluded.frauds
$$;

-- Payments came, changed or went, by whatever statement. Rescoring changes nothing that is counted here.
create or replace function count_payments() returns trigger
language plpgsql
as $$
declare
    came counted_payment[] := '{}';
    gone counted_payment[] := '{}';
    said labels[];
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
    said := array(
        select labels
        from labels
        where trans_num = any(array(select trans_num from unnest(came || gone)))
    );
    perform add_merchant_days(array(
        select counts from merchant_day_counts(came, said, 1) as counts
        union all
        select counts from merchant_day_counts(gone, said, -1) as counts
    ));
    return null;
end
$$;

-- Something was said of payments: what was known of them before goes, what is known now comes.
create or replace function count_labels() returns trigger
language plpgsql
as $$
declare
    came labels[] := '{}';
    gone labels[] := '{}';
    names text[];
    said labels[];
    about counted_payment[];
begin
    if tg_op <> 'DELETE' then
        came := array(select became from became);
    end if;
    if tg_op <> 'INSERT' then
        gone := array(select was from was);
    end if;
    if cardinality(came) + cardinality(gone) = 0 then
        return null;
    end if;
    perform lock_merchant_days();
    names := array(select distinct trans_num from unnest(came || gone));
    said := array(select labels from labels where trans_num = any(names));
    about := array(
        select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
        from payments_scored where trans_num = any(names) and not is_refund
    );
    gone := gone || array(
        select still from unnest(said) as still
        where still.label_id not in (select label_id from unnest(came))
    );
    perform add_merchant_days(array(
        select counts from merchant_day_counts(about, said, 1) as counts
        union all
        select counts from merchant_day_counts(about, gone, -1) as counts
    ));
    return null;
end
$$;

-- Count everything anew: two readings of all payments, during which no load commits.
create or replace function recount_merchant_days() returns void
language plpgsql
set timezone = 'UTC'
as $$
declare
    opened bigint[];  -- the landing that opened each day, ascending
    names text[];
    said labels[];
    about counted_payment[];
begin
    perform lock_merchant_days();
    delete from merchant_days;
    opened := array(
        select distinct min(min(first_landing_seq)) over (order by days.event_day desc) as seq
        from payments_scored
        cross join report_settings
        cross join lateral (select (event_time at time zone time_zone)::date as event_day) as days
        where not is_refund
        group by days.event_day
        order by seq
    );
    insert into merchant_days
    select
        merchant,
        (event_time at time zone time_zone)::date,
        ((event_time + label_delay) at time zone time_zone)::date + 1,
        opened[width_bucket(first_landing_seq, opened)],
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
        said := array(select labels from labels where trans_num = any(names));
        about := array(
            select row(trans_num, merchant, event_time, first_landing_seq, payload_is_fraud)::counted_payment
            from payments_scored where trans_num = any(names) and not is_refund
        );
        perform add_merchant_days(array(
            select counts from merchant_day_counts(about, said, 1) as counts
            union all
            select counts from merchant_day_counts(about, '{}', -1) as counts
        ));
    end loop;
end
$$;

select recount_merchant_days();
