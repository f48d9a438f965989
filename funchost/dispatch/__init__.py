"""Who runs what and when: lanes for instances, slots for activities, a wheel for timers.

Reading order: ``ports`` (what it needs from a worker), ``journal`` (grouped commits), ``lanes``,
``activities``, ``timers``, ``hub`` (what clients may ask for).
"""
