"""Registered names of the console's functions."""

from typing import Final

SHOW_OVERVIEW: Final = "console_show_overview"
LIST_WORKFLOWS: Final = "console_list_workflows"
SHOW_WORKFLOW: Final = "console_show_workflow"
ASK_BEFORE: Final = "console_ask_before"
ACT: Final = "console_act"
