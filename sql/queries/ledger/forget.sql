-- Forget an imported day whose import was cut off, if something that landed after it is loaded already: it missed its
-- turn, and is imported again under a number of its own. Grain: one row, none if it is kept.
delete from run_ledger
where
    batch_id = %(batch_id)s
    and status = 'landed'
    and kind = 'history'
    and exists (
        select 1
        from run_ledger as later
        where later.status = 'done' and later.landing_seq > run_ledger.landing_seq
    )
returning batch_id
