-- Fill the events' staging table.
copy staged_events (
    trans_num, kind, amount_cents, currency, event_time, occurrence, card_token, card_key_id, card_last4, merchant,
    category, body_hash, batch_id, landing_seq, delivery
)
from stdin (format csv)
