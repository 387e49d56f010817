-- History, labels and audit are appended to, never changed; who did what beside the pipeline stands in audit_events.
-- What must be forgotten by age is deleted by security definer functions, which run as the owner of these tables, are
-- granted to fraud_writer, and say `perform set_config('fraud_scorer.purge', 'on', true)` before they delete, '' after.
-- Nobody else is granted update, delete or truncate (sql/grants/). The triggers also keep an owner from slips. A
-- superuser passes: one could switch triggers off anyway.
-- migrate:up
create table audit_events (
    event_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    login text not null default session_user,
    actor text not null check (actor <> '' and length(actor) <= 200),
    action text not null,
    detail jsonb not null default '{}'
);
comment on table audit_events is 'What somebody did beside the pipeline''s own runs: who, what, when.';
comment on column audit_events.login is 'The database login, as PostgreSQL knows it.';
comment on column audit_events.actor is 'The user of the operating system and the machine, as the program said.';
create index audit_events_action on audit_events (action, event_id);

create function refuse_change() returns trigger
language plpgsql
as $$
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

create function refuse_label_change() returns trigger
language plpgsql
as $$
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

create trigger labels_append_only before update on labels
for each row execute function refuse_label_change();
create trigger labels_keep before delete or truncate on labels
for each statement execute function refuse_change();
create trigger payment_history_keep before update or delete or truncate on payment_history
for each statement execute function refuse_change();
create trigger audit_events_keep before update or delete or truncate on audit_events
for each statement execute function refuse_change();

-- The first batch that another model scored says so, whoever put that model in force.
create function note_model_change() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
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
create trigger run_ledger_note_model after update of model_hash on run_ledger
for each row when (new.model_hash is not null and new.model_hash is distinct from old.model_hash)
execute function note_model_change();

-- migrate:down
drop trigger run_ledger_note_model on run_ledger;
-- squawk-ignore ban-drop-function
drop function note_model_change();
drop trigger payment_history_keep on payment_history;
drop trigger labels_keep on labels;
drop trigger labels_append_only on labels;
-- squawk-ignore ban-drop-table
drop table audit_events;
-- squawk-ignore ban-drop-function
drop function refuse_label_change();
-- squawk-ignore ban-drop-function
drop function refuse_change();
