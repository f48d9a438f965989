"""Stand-ins for the systems outside: a warehouse, a payment provider, a carrier, a mail room.

They are simulated; their books are not. Each keeps a durable ledger in Azure Storage, takes an
idempotency key with every call that changes something, and has its effect once however often the
call is repeated, in parallel or after a crash. Domains reach them through their own gateways; the
workflow's rules do not belong here.
"""
