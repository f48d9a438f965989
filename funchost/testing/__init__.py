"""What tests of any Durable Functions app may use: virtual time.

Nothing in the running host imports this package.
"""
