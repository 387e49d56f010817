-- Where a batch's events wait: every column of an event, no constraint. Gone when the transaction ends.
create temporary table staged_events on commit drop as
select
    payment_events.*,
    null::text as delivery
from payment_events
where false
