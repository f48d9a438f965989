"""Money on the wire: integer minor units with an ISO 4217 code, never a float.

Prices and totals belong to the domains.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

# ISO 4217 codes of circulating currencies; funds, metals and testing codes are not money here.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN
BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB
EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR
ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR
PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

# How many digits stand after the point; two for all others.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = {
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}


def decimals_of(currency: str) -> int:
    """Return how many digits stand after the point, by ISO 4217."""
    return _DECIMALS.get(currency, 2)


def in_words(minor: int, currency: str) -> str:
    """Write an amount for people: 1999 EUR minor units are ``19.99 EUR``."""
    decimals = decimals_of(currency)
    units, rest = divmod(minor, 10**decimals)
    return f"{units}.{rest:0{decimals}} {currency}" if decimals else f"{units} {currency}"


def _known(code: str) -> str:
    if code not in CURRENCIES:
        raise PydanticCustomError("unknown_currency", "not an ISO 4217 currency code")
    return code


Currency = Annotated[str, AfterValidator(_known)]
# Minor units: large enough for any order, small enough that a hundred lines stay exact in JSON.
MinorUnits = Annotated[int, Field(ge=0, le=10**9)]
