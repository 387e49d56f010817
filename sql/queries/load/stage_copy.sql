-- Fill the staging table.
copy staged_payments (
    trans_num, event_time, kind, amount_cents, currency, card_token, card_key_id, card_last4, merchant, category, city,
    state, zip, home_lat, home_long, merch_lat, merch_long, city_pop, gender, age_years, payload_is_fraud, body_hash,
    raw_score, fraud_probability, threshold, flagged, reasons, features, model_hash, scored_by, delivery, occurrence,
    first_batch_id, first_landing_seq, batch_id, landing_seq
)
from stdin (format csv)
