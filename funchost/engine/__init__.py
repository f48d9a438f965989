"""The durable engine's sans-I/O core: history in, decisions out.

Reading order: ``events`` (what happened), ``actions`` (what an orchestrator asks for), ``state``
(the fold over a history), ``opening`` (what an episode takes from the inbox), ``closing`` (what the
orchestrator's answer turns into), ``ports`` (what the engine needs from a store).
"""
