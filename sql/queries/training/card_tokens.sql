-- Tokens that name the same cards.
-- Grain: one token that an older key made.
select
    earlier_token,
    token
from card_tokens
order by earlier_token
