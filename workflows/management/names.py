"""Registered names of the management functions."""

from typing import Final

GET_WORKFLOW: Final = "management_get_workflow"
LIST_WORKFLOWS: Final = "management_list_workflows"
EXPLAIN_WORKFLOW: Final = "management_explain_workflow"
CANCEL_WORKFLOW: Final = "management_cancel_workflow"
TERMINATE_WORKFLOW: Final = "management_terminate_workflow"
SUSPEND_WORKFLOW: Final = "management_suspend_workflow"
RESUME_WORKFLOW: Final = "management_resume_workflow"
REWIND_WORKFLOW: Final = "management_rewind_workflow"
RESTART_WORKFLOW: Final = "management_restart_workflow"
PURGE_WORKFLOW: Final = "management_purge_workflow"
RAISE_EVENT: Final = "management_raise_event"
SHOW_AUDIT: Final = "management_show_audit"
CHANGE_WORKFLOWS: Final = "management_change_workflows"
GET_OVERVIEW: Final = "management_get_overview"
