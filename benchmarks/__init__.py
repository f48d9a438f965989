"""How fast the local host is, measured on this machine; `./dev bench` runs all of it.

What the figures mean and what was measured is in README.md.
"""
