"""A request that people decide: an expense, a leave, a purchase, a document.

Levels of approvers are asked one after another; each level waits for any, all or a quorum of them,
reminds, escalates and times out. Nothing is ever approved by silence unless that was asked for. The
truth is an append-only, hash-chained log: whoever appends next, a person or the clock, has decided.

Reading order: state, transitions, orchestrator; then activities, desk, gateways, models, http.
"""
