"""Currencies and amounts: the decimals of a currency (ISO 4217), and amounts, exact integers in its minor unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# of the currencies that have not two
_DECIMALS = {
    currency: places
    for places, currencies in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for currency in currencies.split()
}


def decimals(currency: str) -> int:
    """The number of decimals in amounts of ``currency`` (2 where ISO 4217 says nothing else)."""
    return _DECIMALS.get(currency, 2)


def minor_units_per_major(currencies: pd.Series) -> np.ndarray:
    """The number of minor units in one unit of each currency (float64): the divisor of ``amount_cents``.

    >>> import pandas as pd
    >>> minor_units_per_major(pd.Series(["USD", "JPY", "KWD", "USD"])).tolist()
    [100.0, 1.0, 1000.0, 100.0]
    """
    import numpy as np
    import pandas as pd

    codes, names = pd.factorize(currencies)
    of_code: np.ndarray = np.array([10.0 ** decimals(str(name)) for name in names])
    return of_code[codes]


def amount_major(amount_cents: int, currency: str) -> float:
    """Minor units as a number of the currency's major unit: to compare amounts, never to add them."""
    return float(amount_cents / 10 ** decimals(currency))


def amount_text(amount_cents: int, currency: str) -> str:
    """An amount in its currency, thousands grouped, with the decimals that the currency has.

    >>> amount_text(148210, "USD"), amount_text(1500, "JPY")
    ('1,482.10 USD', '1,500 JPY')
    """
    places = decimals(currency)
    whole, rest = divmod(abs(amount_cents), 10**places)
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{whole:,}{f'.{rest:0{places}d}' if places else ''} {currency}"


def totals_text(amounts: Iterable[tuple[int, str]]) -> str:
    """The sums of amounts, one a currency, largest first.

    >>> totals_text([(100, "USD"), (50, "USD"), (3000, "EUR")])
    '30.00 EUR + 1.50 USD'
    """
    sums: dict[str, int] = {}
    for amount_cents, currency in amounts:
        sums[currency] = sums.get(currency, 0) + amount_cents
    ranked = sorted(sums.items(), key=lambda item: (-amount_major(item[1], item[0]), item[0]))
    return " + ".join(amount_text(amount_cents, currency) for currency, amount_cents in ranked)
