"""The decimals of a currency's amounts; a test holds the table equal to `currency_decimals` in `fraud_db`."""

from __future__ import annotations

# ISO 4217: the currencies that have not two
DECIMALS = {
    currency: places
    for places, currencies in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for currency in currencies.split()
}


def decimals(currency: str) -> int:
    """The decimals of amounts in ``currency``; two unless the table says otherwise."""
    return DECIMALS.get(currency, 2)
