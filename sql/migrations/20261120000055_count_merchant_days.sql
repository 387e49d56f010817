-- What a day's merchant profiles count, kept as sums of each merchant and day while payments and labels come: the
-- first run of a day adds up small rows where it read 38 days of payments.
-- noqa: disable=RF02,ST05
-- squawk-ignore-file ban-drop-type

-- migrate:up

-- Grain: one merchant, local day of the event, first profile day that knows the labels, and span of landings. Sums may
-- be negative: a label that changed later takes back on its day what the earlier one gave. A span holds what landed
-- since one day was opened (its first payment landed) and before the next was; a profile counts it whole or not at all.
create table merchant_days (
    merchant text not null,
    event_day date not null,
    from_day date not null,
    first_seq bigint not null,
    last_seq bigint not null,
    payments bigint not null,
    labelled bigint not null,
    frauds bigint not null,
    primary key (event_day, merchant, from_day, first_seq)
) with (fillfactor = 70);

comment on table merchant_days is 'Sums that merchant profiles are made of; kept by triggers on payments and labels.';
comment on column merchant_days.from_day is 'Labels and frauds count in profiles from this day on; payments always.';
comment on column merchant_days.first_seq is 'Every payment in the row first landed in first_seq to last_seq.';

-- What counts of a payment.
create type counted_payment as (
    trans_num text,
    merchant text,
    event_time timestamptz,
    landing_seq bigint,
    is_fraud boolean
);

-- Only one transaction at a time brings sums forward: each sees what all before it counted.
create function lock_merchant_days() returns void
language sql
as $$
    select pg_advisory_xact_lock(hashtextextended('merchant days', 0))
$$;

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
create function count_payments() returns trigger
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
create function count_labels() returns trigger
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
create function recount_merchant_days() returns void
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

create function recount_after() returns trigger
language plpgsql
as $$
begin
    perform recount_merchant_days();
    return null;
end
$$;

create trigger payments_scored_count_new
after insert on payments_scored
referencing new table as became
for each statement execute function count_payments();

create trigger payments_scored_count_changed
after update on payments_scored
referencing old table as was new table as became
for each statement execute function count_payments();

create trigger payments_scored_count_gone
after delete on payments_scored
referencing old table as was
for each statement execute function count_payments();

create trigger payments_scored_count_none
after truncate on payments_scored
for each statement execute function recount_after();

create trigger labels_count_new
after insert on labels
referencing new table as became
for each statement execute function count_labels();

create trigger labels_count_changed
after update on labels
referencing old table as was new table as became
for each statement execute function count_labels();

create trigger labels_count_gone
after delete on labels
referencing old table as was
for each statement execute function count_labels();

create trigger labels_count_none
after truncate on labels
for each statement execute function recount_after();

create trigger report_settings_recount
after update on report_settings
for each row
when ((old.time_zone, old.label_delay) is distinct from (new.time_zone, new.label_delay))
execute function recount_after();

select recount_merchant_days();

-- migrate:down
drop trigger report_settings_recount on report_settings;
drop trigger labels_count_none on labels;
drop trigger labels_count_gone on labels;
drop trigger labels_count_changed on labels;
drop trigger labels_count_new on labels;
drop trigger payments_scored_count_none on payments_scored;
drop trigger payments_scored_count_gone on payments_scored;
drop trigger payments_scored_count_changed on payments_scored;
drop trigger payments_scored_count_new on payments_scored;
-- squawk-ignore ban-drop-function
drop function recount_after(), recount_merchant_days(), count_labels(), count_payments(),
add_merchant_days(merchant_days[]), merchant_day_counts(counted_payment[], labels[], integer), lock_merchant_days();
drop type counted_payment;
drop table merchant_days;
