-- Amounts are stored in minor units (amount_cents). These give them in the currency's own unit.

-- How many decimals amounts of a currency have, by ISO 4217: two where nothing else is said.
-- The library's money.py has the same table; a test holds the two equal.
create or replace function currency_decimals(currency text) returns integer
language sql immutable parallel safe
as $$
    select
        case
            when currency in (
                'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
                'XOF', 'XPF'
            )
                then 0
            when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
            when currency in ('CLF', 'UYW') then 4
            else 2
        end
$$;

-- An amount, or a sum in one currency, in that currency's own unit. Null where the amount is null.
create or replace function amount_major(amount_cents numeric, currency text) returns numeric
language sql immutable parallel safe
as $$
    select
        amount_cents / case currency_decimals(currency)
            when 0 then 1.0
            when 3 then 1000.0
            when 4 then 10000.0
            else 100.0
        end
$$;
