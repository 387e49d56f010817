-- What is known of a day's payments: frauds by label in force. Grain: one currency; none where nobody said anything.
select
    known.currency,
    known.judged,
    known.frauds,
    amount_major(known.fraud_cents, known.currency) as fraud_amount,
    known.frauds_flagged
from report_known_frauds(cast(%(day)s as date)) as known
order by known.currency;
