"""A parcel, from the carrier's counter to its end: delivered, returned, lost, or out of sight.

The carrier is asked at the pace it proposes; the customer hears of every change and of nothing
else. The story starts itself anew after a number of checks, so that its history stays short. Other
domains call it by name as a sub-orchestration, under an instance id of its own.

Reading order: names, models, transitions, orchestrator, activities, gateways.
"""
