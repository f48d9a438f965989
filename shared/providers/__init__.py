"""Adapters to providers that exist, chosen by settings; shared.sandbox stands for them otherwise.

An adapter speaks its provider's own API, through the provider's own library where there is one, and
answers in plain values. Which domain needs what of it is said in the domain's gateways.
"""
