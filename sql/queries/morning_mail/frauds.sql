-- What is known of a day's payments: frauds by label in force. Grain: one currency; none where nobody said anything.
select
    known.currency,
    known.judged,
    known.frauds,
    known.fraud_cents,
    known.frauds_flagged
from report_known_frauds(%(day)s) as known
order by known.currency
