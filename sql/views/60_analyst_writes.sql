-- The only writes of the dashboard: verdicts and snoozes, each with its author. They run with their owner's rights,
-- so the dashboard's role can write nothing else, and never sees a card token. Each call brings a claim that the
-- dashboard signed: expires.nonce.signature.

-- functions of release 0.1, which took anybody's word for the author
drop function if exists record_verdict(text, text, text, text);
drop function if exists undo_verdict(bigint, text);
drop function if exists snooze(text, text, timestamptz, text, text);
drop function if exists end_snooze(bigint, text);

-- Now, by the database's clock alone: a session's own fraud_report.now dates no verdict.
create or replace function desk_now() returns timestamptz
language sql stable
as $$
    select
        coalesce(
            (
                select split_part(kept.entry, '=', 2)::timestamptz
                from pg_db_role_setting as settings
                inner join pg_database as here on settings.setdatabase = here.oid
                cross join lateral unnest(settings.setconfig) as kept (entry)
                where
                    here.datname = current_database()
                    and settings.setrole = 0
                    and kept.entry like 'fraud_report.now=%'
            ),
            now()
        )
$$;

-- Use up a claim: refused unless it was signed for this author and these words, has not expired, was not used before,
-- and neither its transaction, its author nor everybody together says too much.
create or replace function use_claim(claim text, said_by text, variadic parts text[]) returns void
language plpgsql volatile
set search_path = report, public, pg_temp
as $$
declare
    fields text[] := string_to_array(claim, '.');
    pads desk_key := (select desk_key from desk_key);
    message bytea := '';
    part text;
begin
    if pads is null then
        raise exception using
            errcode = 'FS001', message = 'no signing key is set',
            hint = 'Set FRAUD_DASHBOARD_SIGNING_KEY and run `fraud-scorer migrate`.';
    end if;
    if (claim ~ '^[0-9]{10}\.[0-9a-f]{32}\.[0-9a-f]{64}$') is not true then
        raise exception using errcode = 'FS001', message = 'the author''s name is not signed';
    end if;
    foreach part in array fields[1:2] || said_by || parts loop
        part := coalesce(part, '');
        message := message || convert_to(octet_length(convert_to(part, 'UTF8')) || ':' || part, 'UTF8');
    end loop;
    if sha256(pads.outer_pad || sha256(pads.inner_pad || message)) <> decode(fields[3], 'hex') then
        raise exception using errcode = 'FS001', message = 'the author''s name was not signed with the right key';
    end if;
    if to_timestamp(fields[1]::bigint) not between clock_timestamp() and clock_timestamp() + interval '5 minutes' then
        raise exception using errcode = 'FS001', message = 'the signature has expired, or was made by a clock ahead';
    end if;
    if coalesce(btrim(said_by), '') = '' or length(said_by) > 200 then
        raise exception using errcode = '22023', message = 'an author has 1 to 200 letters';
    end if;
    delete from desk_claims where made_at < clock_timestamp() - interval '10 minutes';
    if (select count(*) >= 10 from desk_claims where made_in = pg_current_xact_id())
        or exists (
            select
            from desk_claims
            where made_at > clock_timestamp() - interval '1 minute'
            having count(*) >= 300 or count(*) filter (where author = said_by) >= 120
        )
    then
        raise exception using
            errcode = 'FS002', message = 'too many verdicts and snoozes at once',
            hint = '10 in a transaction, 120 a minute of one author, 300 of all.';
    end if;
    insert into desk_claims (signature, author) values (decode(fields[3], 'hex'), said_by) on conflict do nothing;
    if not found then
        raise exception using errcode = 'FS001', message = 'this signature was used already';
    end if;
end
$$;

-- A note as it is kept: without blanks around it, null if empty. Longer than 500 letters is refused. Digits that make a
-- card number (13 to 19 that pass Luhn's check, in one piece or in groups) are starred, with those around them.
create or replace function desk_note(remark text) returns text
language plpgsql immutable
as $$
declare
    plain text := normalize(remark, nfkc);
    starred text := plain;
    run text;
    is_card boolean;
begin
    if length(remark) > 500 then
        raise exception using errcode = '22023', message = 'a note has 500 letters at most';
    end if;
    for run in select (regexp_matches(plain, '[0-9](?:[^0-9A-Za-z]{0,8}[0-9]){12,}', 'g'))[1] loop
        with pieces as (
            select * from regexp_split_to_table(run, '[^0-9]+') with ordinality as piece (digits, place)
        ),
        numbers as (
            select string_agg(pieces.digits, '' order by pieces.place) as digits
            from pieces as first
            inner join pieces as last on first.place <= last.place
            inner join pieces on pieces.place between first.place and last.place
            group by first.place, last.place
        ),
        sums as (
            select
                sum(
                    case when (length(numbers.digits) - digit.place) % 2 = 0 then digit.value::integer
                    else digit.value::integer * 2 / 10 + digit.value::integer * 2 % 10 end
                ) as total
            from numbers
            cross join lateral regexp_split_to_table(numbers.digits, '') with ordinality as digit (value, place)
            where length(numbers.digits) between 13 and 19
            group by numbers.digits
        )
        select coalesce(bool_or(sums.total % 10 = 0), false) into is_card from sums;
        if is_card then
            starred := replace(starred, run, regexp_replace(run, '[0-9]', '*', 'g'));
        end if;
    end loop;
    return nullif(btrim(case when starred = plain then remark else starred end), '');
end
$$;

-- What an analyst says of a payment: fraud, not_fraud or unsure. The new label's id; null: no such payment.
create or replace function record_verdict(of_trans_num text, says text, said_by text, remark text, claim text)
returns bigint
language plpgsql volatile security definer
set search_path = report, public, pg_temp
as $$
declare
    made bigint;
begin
    perform use_claim(claim, said_by, 'record_verdict', of_trans_num, says, remark);
    if says not in ('fraud', 'not_fraud', 'unsure') is not false then
        raise exception using errcode = '22023', message = 'a verdict is fraud, not_fraud or unsure';
    end if;
    insert into labels (trans_num, source, verdict, known_at, author, note)
    select payments.trans_num, 'verdict', says, desk_now(), btrim(said_by), desk_note(remark)
    from payments_scored as payments
    where payments.trans_num = of_trans_num
    returning label_id into made;
    return made;
end
$$;

-- Take the latest verdict of a payment back: what was said before it holds again, or nothing.
-- Null: undone_label_id is no longer the payment's latest verdict, nothing was done.
create or replace function undo_verdict(undone_label_id bigint, said_by text, claim text)
returns bigint
language plpgsql volatile security definer
set search_path = report, public, pg_temp
as $$
declare
    made bigint;
begin
    perform use_claim(claim, said_by, 'undo_verdict', undone_label_id::text);
    with undone as (
        select * from labels where label_id = undone_label_id and source = 'verdict' and verdict <> 'withdrawn'
    ),
    verdicts as (
        select labels.*
        from labels
        inner join undone on labels.trans_num = undone.trans_num
        where labels.source = 'verdict'
    ),
    before as (
        select * from verdicts where label_id < undone_label_id order by label_id desc limit 1
    )
    insert into labels (trans_num, source, verdict, known_at, author, note)
    select
        undone.trans_num,
        'verdict',
        coalesce(before.verdict, 'withdrawn'),
        desk_now(),
        btrim(said_by),
        'undo of ' || undone.verdict
    from undone
    left join before on true
    where not exists (select 1 from verdicts where verdicts.label_id > undone_label_id)
    returning label_id into made;
    return made;
end
$$;

-- Mail nothing of a payment's card or merchant for some hours (31 days at most); it is still scored and flagged.
-- Null: no such payment.
create or replace function snooze(
    what text, of_trans_num text, for_hours integer, said_by text, remark text, claim text
)
returns bigint
language plpgsql volatile security definer
set search_path = report, public, pg_temp
as $$
declare
    made bigint;
begin
    perform use_claim(claim, said_by, 'snooze', what, of_trans_num, for_hours::text, remark);
    if for_hours not between 1 and 744 is not false then
        raise exception using errcode = '22023', message = 'a snooze lasts 1 to 744 hours (31 days)';
    end if;
    insert into snoozes (subject, value, until, author, note)
    select
        what,
        case what when 'card' then payments.card_token when 'merchant' then payments.merchant end,
        desk_now() + for_hours * interval '1 hour',
        btrim(said_by),
        desk_note(remark)
    from payments_scored as payments
    where payments.trans_num = of_trans_num
    returning snooze_id into made;
    return made;
end
$$;

-- End a snooze now, by a later word on the same card or merchant. Null: it is over already.
create or replace function end_snooze(of_snooze_id bigint, said_by text, claim text)
returns bigint
language plpgsql volatile security definer
set search_path = report, public, pg_temp
as $$
declare
    made bigint;
begin
    perform use_claim(claim, said_by, 'end_snooze', of_snooze_id::text);
    insert into snoozes (subject, value, until, author, note)
    select ended.subject, ended.value, desk_now(), btrim(said_by), 'snooze ended'
    from snoozes as ended
    where
        ended.snooze_id = of_snooze_id
        and ended.until > desk_now()
        and not exists (
            select 1
            from snoozes as later
            where
                later.subject = ended.subject
                and later.value = ended.value
                and later.snooze_id > ended.snooze_id
        )
    returning snooze_id into made;
    return made;
end
$$;

revoke execute on function
use_claim(text, text, text[]),
record_verdict(text, text, text, text, text),
undo_verdict(bigint, text, text),
snooze(text, text, integer, text, text, text),
end_snooze(bigint, text, text)
from public;
