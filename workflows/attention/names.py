"""Registered and stored names: the wire contract between orchestrators, activities and operators.

What the functions do is in their modules; orchestrators call them through shared.attention.
"""

from typing import Final

from shared import attention

RAISE_ALERT: Final = attention.RAISE_ALERT
FIND_DECISION: Final = attention.FIND_DECISION

DECIDE: Final = "attention_decide"
LIST_OPEN: Final = "attention_list_open"
SHOW_QUEUE: Final = "attention_show_queue"
DECIDE_IN_QUEUE: Final = "attention_decide_in_queue"

# Rounds in which operators are asked, one row each.
ROUNDS_TABLE: Final = "Attention"
