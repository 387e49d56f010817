-- An index for what stood for a payment until the payment itself landed: deciding anew of a minute before that sees the
-- capture as it then stood. Few captures are ever replaced, so the index stays small.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
-- (loads wait while the table is read once)

-- migrate:up
create index payment_history_captures on payment_history (replaced_by_seq) where was ->> 'kind' = 'capture';

-- migrate:down
drop index payment_history_captures;
