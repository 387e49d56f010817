-- A login of the pipeline may call purge_aged(), and could empty the history by naming tomorrow: what is younger than
-- the least that the settings FRAUD_..._KEEP_DAYS allow is purged by nobody but the owner, who may delete anyway.
-- noqa: disable=RF02

-- migrate:up

-- Write down that rows went, in the transaction that purges them; it fails where they are too young for that.
create or replace function note_purge(run timestamptz, kind text, before timestamptz, many bigint) returns void
language plpgsql
as $$
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

-- migrate:down
create or replace function note_purge(run timestamptz, kind text, before timestamptz, many bigint) returns void
language sql
as $$
    insert into purges as noted (started_at, what, older_than, purged, ended_at)
    select run, kind, before, many, clock_timestamp()
    where many > 0
    on conflict (started_at, what) do update
        set purged = noted.purged + excluded.purged, ended_at = excluded.ended_at
$$;
