"""The console for whoever is on call: what runs, what is stuck and why, and what to do about it.

Pages made on the server, for every workflow type alike; it knows no domain and keeps nothing. What
it shows and does, the JSON API shows and does, too: both stand on shared.operations.
"""
