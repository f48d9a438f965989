"""What anybody may do with any instance, whatever its domain: look at it.

Knows no domain: it reads what the runtime keeps and shows a part of it.
"""
