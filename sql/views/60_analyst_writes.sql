-- The only writes of the dashboard: verdicts and snoozes, each with its author. They run with their owner's rights,
-- so the dashboard's role can write nothing else, and never sees a card token.

-- What an analyst says of a payment: fraud, not_fraud, unsure or withdrawn. The new label's id; null: no such payment.
create or replace function record_verdict(of_trans_num text, says text, said_by text, remark text default null)
returns bigint
language sql volatile security definer
set search_path = public, pg_temp
as $$
    insert into labels (trans_num, source, verdict, known_at, author, note)
    select payments.trans_num, 'verdict', says, report_now(), nullif(btrim(said_by), ''), nullif(btrim(remark), '')
    from payments_scored as payments
    where payments.trans_num = of_trans_num
    returning label_id
$$;

-- Take the latest verdict of a payment back: what was said before it holds again, or nothing.
-- Null: undone_label_id is no longer the payment's latest verdict, nothing was done.
create or replace function undo_verdict(undone_label_id bigint, said_by text)
returns bigint
language sql volatile security definer
set search_path = public, pg_temp
as $$
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
        report_now(),
        nullif(btrim(said_by), ''),
        'undo of ' || undone.verdict
    from undone
    left join before on true
    where not exists (select 1 from verdicts where verdicts.label_id > undone_label_id)
    returning label_id
$$;

-- Mail nothing of a payment's card or merchant until a time; it is still scored and flagged. Null: no such payment.
create or replace function snooze(
    what text, of_trans_num text, until_time timestamptz, said_by text, remark text default null
)
returns bigint
language sql volatile security definer
set search_path = public, pg_temp
as $$
    insert into snoozes (subject, value, until, author, note)
    select
        what,
        case what when 'card' then payments.card_token when 'merchant' then payments.merchant end,
        until_time,
        nullif(btrim(said_by), ''),
        nullif(btrim(remark), '')
    from payments_scored as payments
    where payments.trans_num = of_trans_num
    returning snooze_id
$$;

-- End a snooze now, by a later word on the same card or merchant. Null: it is over already.
create or replace function end_snooze(of_snooze_id bigint, said_by text)
returns bigint
language sql volatile security definer
set search_path = public, pg_temp
as $$
    insert into snoozes (subject, value, until, author, note)
    select ended.subject, ended.value, report_now(), nullif(btrim(said_by), ''), 'snooze ended'
    from snoozes as ended
    where
        ended.snooze_id = of_snooze_id
        and ended.until > report_now()
        and not exists (
            select 1
            from snoozes as later
            where
                later.subject = ended.subject
                and later.value = ended.value
                and later.snooze_id > ended.snooze_id
        )
    returning snooze_id
$$;

revoke execute on function record_verdict(text, text, text, text) from public;
revoke execute on function undo_verdict(bigint, text) from public;
revoke execute on function snooze(text, text, timestamptz, text, text) from public;
revoke execute on function end_snooze(bigint, text) from public;
