-- A role's password forges no person's verdict, and stores nothing without a bound: an import's author names its login,
-- notes and errors have a length, a message is due and leased within the hour, alerts are counted within their batch.
-- `recorded_at` of a label is PostgreSQL's own: no role is granted it (sql/grants/writer.sql).
-- Rows from before are left as they are (not valid): what a team has kept is no reason for a migration to fail.
-- migrate:up
alter table labels
add constraint labels_author_check check (length(author) between 1 and 300) not valid,
add constraint labels_note_check check (length(note) <= 2000) not valid,
add constraint labels_known_at_check check (isfinite(known_at)) not valid;

alter table outbox
add constraint outbox_last_error_check check (length(last_error) <= 2000) not valid,
add constraint outbox_attempts_check check (attempts >= 0) not valid;

alter table run_ledger
add constraint run_ledger_alerted_check check (alerted between 0 and greatest(received, valid, flagged)) not valid;

-- Who wrote a label. A person's verdict comes by record_verdict(), which checks a signature and runs as the owner of
-- the table; the author of anything else is marked with the login that imported it.
create function mark_imported_label() returns trigger
language plpgsql
as $$
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
create trigger labels_mark_imported before insert on labels
for each row execute function mark_imported_label();

-- A message that is due, or leased, in years would never be sent. The longest wait between two tries is 15 minutes.
create function refuse_far_times() returns trigger
language plpgsql
as $$
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
create trigger outbox_refuse_far_times before insert or update on outbox
for each row execute function refuse_far_times();

-- migrate:down
drop trigger outbox_refuse_far_times on outbox;
-- squawk-ignore ban-drop-function
drop function refuse_far_times();
drop trigger labels_mark_imported on labels;
-- squawk-ignore ban-drop-function
drop function mark_imported_label();
-- squawk-ignore ban-drop-constraint
alter table run_ledger drop constraint run_ledger_alerted_check;
-- squawk-ignore ban-drop-constraint
alter table outbox drop constraint outbox_attempts_check;
-- squawk-ignore ban-drop-constraint
alter table outbox drop constraint outbox_last_error_check;
-- squawk-ignore ban-drop-constraint
alter table labels drop constraint labels_known_at_check;
-- squawk-ignore ban-drop-constraint
alter table labels drop constraint labels_note_check;
-- squawk-ignore ban-drop-constraint
alter table labels drop constraint labels_author_check;
