-- Labels that a later delivery of a known payment changed: appended, once a landing. Compared with what the payload had
-- said until that landing, so that an old batch's replay says nothing new. Known when landed, but not before the delay.
-- noqa: disable=RF02,ST05
insert into labels (trans_num, source, verdict, known_at, author, landing_seq)
select
    said.trans_num,
    'payload' as source,
    case when said.is_fraud then 'fraud' else 'not_fraud' end as verdict,
    greatest(%(landed_at)s::timestamptz, stored.event_time + settings.label_delay) as known_at,
    'payload' as author,
    %(landing_seq)s
from unnest(%(trans_nums)s::text[], %(labels)s::boolean[]) as said (trans_num, is_fraud)
inner join payments_scored as stored on said.trans_num = stored.trans_num
cross join report_settings as settings
left join lateral (
    select earlier.verdict = 'fraud' as is_fraud
    from labels as earlier
    where
        earlier.trans_num = said.trans_num
        and earlier.source = 'payload'
        and earlier.landing_seq < %(landing_seq)s
    order by earlier.landing_seq desc
    limit 1
) as before on true
where
    stored.first_landing_seq < %(landing_seq)s
    and said.is_fraud is distinct from coalesce(before.is_fraud, stored.payload_is_fraud)
order by said.trans_num
on conflict do nothing
