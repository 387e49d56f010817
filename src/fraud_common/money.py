"""How many decimals a currency has (ISO 4217): amounts are exact integers in its minor unit."""

from __future__ import annotations

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
    """How many decimals amounts of ``currency`` have (2 where ISO 4217 says nothing else)."""
    return _DECIMALS.get(currency, 2)


def minor_units_per_major(currencies: pd.Series) -> np.ndarray:
    """How many minor units make one unit of each currency (float64): what ``amount_cents`` is divided by.

    >>> import pandas as pd
    >>> minor_units_per_major(pd.Series(["USD", "JPY", "KWD", "USD"])).tolist()
    [100.0, 1.0, 1000.0, 100.0]
    """
    import numpy as np
    import pandas as pd

    codes, names = pd.factorize(currencies)
    of_code: np.ndarray = np.array([10.0 ** decimals(str(name)) for name in names])
    return of_code[codes]
