-- Count in merchant_days some of the labels that wait for it; loads wait until the transaction ends. Grain: one row.
select count_waiting_labels(%(at_most)s) as counted
