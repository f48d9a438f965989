"""Sagas: steps that belong together, of which all are done or none is left half done.

A saga is defined in code (definitions): steps, how their inputs are made, how each is undone, and
the pivot, after which it only goes forward. Clients choose a definition by name and give an input;
they never name an activity. What cannot be undone or finished is an operator's business, through
shared.attention.

Reading order: definitions, orchestrator, steps, story; then plan, checks, activities, http.
"""
