-- How many days of history are in. Grain: one row.
select count(*)
from run_ledger
where kind = 'history' and status = 'done'
