"""Operators decide what orchestrations cannot.

An orchestration that can neither undo nor go on asks through shared.attention; here its question
becomes a row that operators see, a mail that reminds them and a line in the log, and their answer
becomes a decision that is taken once. What a decision does is the asking domain's business.

Reading order: transitions, activities, http; then models, gateways.
"""
