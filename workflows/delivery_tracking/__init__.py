"""A parcel, from the carrier's counter to its end: delivered, returned, lost, or out of sight.

The carrier tells of scans, and is asked at the pace that it proposes; the customer hears of every
change and of every trouble once, and of nothing else. The story starts itself anew after a number
of looks, so that its history stays short. Other domains call it by name as a sub-orchestration,
under an instance id of its own.

Reading order: names, models, journey, questions, transitions, story, orchestrator, activities,
gateways.
"""
