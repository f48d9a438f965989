"""Orders that arrive as messages of a queue: placed as requests are, or kept with what is wrong.

Reading order: intake, refused; then http, views, for operators.
"""
