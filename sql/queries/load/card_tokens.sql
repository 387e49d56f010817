-- Note that tokens of an older key name the same cards as newer ones, where payments are stored under them.
-- Noted already: nothing. :earlier, :tokens (arrays of the same length)
insert into card_tokens (earlier_token, token)
select
    pairs.earlier_token,
    pairs.token
from unnest(%(earlier)s::text[], %(tokens)s::text[]) as pairs (earlier_token, token)
where
    exists (
        select 1 from payments_scored as payments
        where payments.card_token = pairs.earlier_token
    )
order by pairs.earlier_token
on conflict (
    earlier_token) do update set token = excluded.token
where card_tokens.token <> excluded.token
