-- Append what a file says of payments; what the same source said of a payment, of the same moment, is not said twice.
insert into labels (trans_num, source, verdict, known_at, author, note)
select
    said.trans_num,
    %(source)s,
    said.verdict,
    said.known_at,
    %(author)s,
    said.note
from
    unnest(%(trans_nums)s::text[], %(verdicts)s::text[], %(known_at)s::timestamptz[], %(notes)s::text[])
        as said (trans_num, verdict, known_at, note)
where
    not exists (
        select 1
        from labels
        where
            labels.trans_num = said.trans_num
            and labels.source = %(source)s
            and labels.verdict = said.verdict
            and labels.known_at = said.known_at
    )
order by said.known_at
on conflict do nothing
