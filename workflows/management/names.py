"""Registered names of the management functions."""

from typing import Final

GET_WORKFLOW: Final = "management_get_workflow"
LIST_WORKFLOWS: Final = "management_list_workflows"
EXPLAIN_WORKFLOW: Final = "management_explain_workflow"
