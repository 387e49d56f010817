-- Say that a day was compared for a model; what an earlier comparison said is replaced.
insert into drift_days (day, model_hash, payments, compared, whole_day, reference)
values (%(day)s, %(model_hash)s, %(payments)s, %(compared)s, %(whole_day)s, %(reference)s::jsonb)
on conflict (day, model_hash) do update
    set
        payments = excluded.payments,
        compared = excluded.compared,
        whole_day = excluded.whole_day,
        reference = excluded.reference,
        computed_at = now()
