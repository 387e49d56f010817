"""Numbers, times, money and codes as a person reads them."""
