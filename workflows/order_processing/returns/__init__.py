"""An order that comes back: a label, the way back, and then the sale is undone.

A workflow of its own, started by the customer after the pivot. It undoes the sale by the order's
own keys and activities, so that nothing is refunded or restocked twice.

Reading order: orchestrator, story, transitions; then rules, models, http.
"""
