-- Store new payments; replace a known one's body and decision if this delivery has another body and landed no earlier
-- than the one that is stored. Then these stay: event_time, where it came from first, the first label of the payload.
-- What stood for the payment until it came itself (a refund, say) gives its place up altogether, except for a decision
-- made about it (a capture's): that is the payment's decision, and its mail may be out. Nothing else ever replaces a
-- payment.
-- Grain: one row, what was written.
-- noqa: disable=RF01
with
written as (
    insert into payments_scored as stored (
        trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, kind, amount_cents,
        currency, card_token, card_key_id, card_last4, merchant, category, city, state, zip, home_lat, home_long,
        merch_lat, merch_long, city_pop, gender, age_years, payload_is_fraud, raw_score, fraud_probability, threshold,
        flagged, reasons, features, model_hash, scored_by, scored_at
    )
    select
        trans_num,
        event_time,
        first_batch_id,
        first_landing_seq,
        batch_id,
        landing_seq,
        body_hash,
        kind,
        amount_cents,
        currency,
        card_token,
        card_key_id,
        card_last4,
        merchant,
        category,
        city,
        state,
        zip,
        home_lat,
        home_long,
        merch_lat,
        merch_long,
        city_pop,
        gender,
        age_years,
        payload_is_fraud,
        raw_score,
        fraud_probability,
        threshold,
        flagged,
        reasons,
        features,
        model_hash,
        scored_by,
        case when raw_score is not null then now() end as scored_at
    from staged_payments
    where delivery in ('new', 'correction', 'arrival')
    order by trans_num
    on conflict (trans_num) do update
        set
            batch_id = excluded.batch_id,
            landing_seq = excluded.landing_seq,
            body_hash = excluded.body_hash,
            kind = excluded.kind,
            amount_cents = excluded.amount_cents,
            currency = excluded.currency,
            card_token = excluded.card_token,
            card_key_id = excluded.card_key_id,
            card_last4 = excluded.card_last4,
            merchant = excluded.merchant,
            category = excluded.category,
            city = excluded.city,
            state = excluded.state,
            zip = excluded.zip,
            home_lat = excluded.home_lat,
            home_long = excluded.home_long,
            merch_lat = excluded.merch_lat,
            merch_long = excluded.merch_long,
            city_pop = excluded.city_pop,
            gender = excluded.gender,
            age_years = excluded.age_years,
            (
                raw_score, fraud_probability, threshold, flagged, reasons, features, model_hash, scored_by, scored_at
            ) = (
                select
                    stored.raw_score,
                    stored.fraud_probability,
                    stored.threshold,
                    stored.flagged,
                    stored.reasons,
                    stored.features,
                    stored.model_hash,
                    stored.scored_by,
                    stored.scored_at
                where
                    stored.raw_score is not null
                    and payment_place(excluded.kind, excluded.amount_cents)
                    < payment_place(stored.kind, stored.amount_cents)
                union all
                select
                    excluded.raw_score,
                    excluded.fraud_probability,
                    excluded.threshold,
                    excluded.flagged,
                    excluded.reasons,
                    excluded.features,
                    excluded.model_hash,
                    excluded.scored_by,
                    excluded.scored_at
                where
                    stored.raw_score is null
                    or payment_place(excluded.kind, excluded.amount_cents)
                    >= payment_place(stored.kind, stored.amount_cents)
            ),
            event_time = case
                when
                    payment_place(excluded.kind, excluded.amount_cents)
                    < payment_place(stored.kind, stored.amount_cents)
                    then excluded.event_time
                else stored.event_time
            end,
            first_batch_id = case
                when
                    payment_place(excluded.kind, excluded.amount_cents)
                    < payment_place(stored.kind, stored.amount_cents)
                    then excluded.first_batch_id
                else stored.first_batch_id
            end,
            first_landing_seq = case
                when
                    payment_place(excluded.kind, excluded.amount_cents)
                    < payment_place(stored.kind, stored.amount_cents)
                    then excluded.first_landing_seq
                else stored.first_landing_seq
            end,
            payload_is_fraud = case
                when
                    payment_place(excluded.kind, excluded.amount_cents)
                    < payment_place(stored.kind, stored.amount_cents)
                    then excluded.payload_is_fraud
                else stored.payload_is_fraud
            end
        where
        payment_place(excluded.kind, excluded.amount_cents) < payment_place(stored.kind, stored.amount_cents)
        or (
            excluded.landing_seq >= stored.landing_seq
            and excluded.body_hash <> stored.body_hash
            and payment_place(excluded.kind, excluded.amount_cents)
            = payment_place(stored.kind, stored.amount_cents)
        )
    returning
        stored.trans_num,
        stored.flagged,
        stored.xmax = 0 as is_new
)

select
    count(*) filter (where is_new) as inserted,
    count(*) filter (where not is_new) as updated,
    coalesce(array_agg(trans_num) filter (where flagged), '{}') as flagged
from written
