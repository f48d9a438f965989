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
LIST_FINDINGS: Final = "management_list_findings"
WATCH: Final = "management_watch"
RETAIN: Final = "management_retain"
GET_OPENAPI: Final = "management_get_openapi"
SHOW_DOCS: Final = "management_show_docs"
HEALTH_LIVE: Final = "management_health_live"
HEALTH_READY: Final = "management_health_ready"
IN_FLIGHT: Final = "management_in_flight"

# Read, to see whether storage answers; nothing is ever written to it.
READINESS_TABLE: Final = "readiness"
