"""Composition root: one blueprint per domain module, and its types of workflow; nothing else."""

import azure.durable_functions as df

from shared.openapi import PUBLISHED
from shared.operations.types import TYPES
from shared.registered import activity_names, http_functions
from shared.telemetry.following import follow
from workflows.approval import (
    activities as approval_activities,
    http as approval_http,
    http_audit as approval_http_audit,
    http_documents as approval_http_documents,
    orchestrator as approval_orchestrator,
    pages as approval_pages,
    sweep as approval_sweep,
    workflow_type as approval_type,
)
from workflows.attention import (
    activities as attention_activities,
    http as attention_http,
    pages as attention_pages,
)
from workflows.batch_processing import (
    activities as batch_processing_activities,
    entities as batch_processing_entities,
    http as batch_processing_http,
    http_files as batch_processing_http_files,
    http_report as batch_processing_http_report,
    increment as batch_processing_increment,
    orchestrator as batch_processing_orchestrator,
    pages as batch_processing_pages,
    schedule as batch_processing_schedule,
    shard as batch_processing_shard,
    workflow_type as batch_processing_type,
)
from workflows.console import (
    pages as console_pages,
    pages_actions as console_pages_actions,
    pages_workflow as console_pages_workflow,
)
from workflows.delivery_tracking import (
    activities as delivery_tracking_activities,
    http_notices as delivery_tracking_http_notices,
    orchestrator as delivery_tracking_orchestrator,
    workflow_type as delivery_tracking_type,
)
from workflows.management import (
    http as management_http,
    http_actions as management_http_actions,
    http_batch as management_http_batch,
    http_explain as management_http_explain,
    http_findings as management_http_findings,
    http_health as management_http_health,
    http_list as management_http_list,
    http_openapi as management_http_openapi,
    http_overview as management_http_overview,
    repeats as management_repeats,
    retention as management_retention,
    watchdog as management_watchdog,
)
from workflows.order_processing import (
    activities as order_processing_activities,
    http as order_processing_http,
    http_amending as order_processing_http_amending,
    http_notices as order_processing_http_notices,
    orchestrator as order_processing_orchestrator,
    workflow_type as order_processing_type,
)
from workflows.order_processing.messages import (
    http as order_messages_http,
    intake as order_messages_intake,
)
from workflows.order_processing.returns import (
    http as order_returns_http,
    orchestrator as order_returns_orchestrator,
)
from workflows.saga import (
    activities as saga_activities,
    definitions as saga_definitions,
    http as saga_http,
    orchestrator as saga_orchestrator,
    workflow_type as saga_type,
)
from workflows.site import http as site_http

app = df.DFApp()

for module in (
    order_processing_orchestrator,
    order_processing_activities,
    order_processing_http,
    order_processing_http_amending,
    order_processing_http_notices,
    order_messages_http,
    order_messages_intake,
    order_returns_http,
    order_returns_orchestrator,
    delivery_tracking_orchestrator,
    delivery_tracking_activities,
    delivery_tracking_http_notices,
    saga_orchestrator,
    saga_activities,
    saga_http,
    attention_activities,
    attention_http,
    attention_pages,
    approval_http_documents,
    approval_http_audit,
    approval_orchestrator,
    approval_activities,
    approval_http,
    approval_pages,
    approval_sweep,
    batch_processing_orchestrator,
    batch_processing_shard,
    batch_processing_entities,
    batch_processing_activities,
    batch_processing_http,
    batch_processing_http_files,
    batch_processing_http_report,
    batch_processing_increment,
    batch_processing_schedule,
    batch_processing_pages,
    management_http,
    management_http_actions,
    management_http_batch,
    management_http_health,
    management_http_list,
    management_http_openapi,
    management_http_explain,
    management_http_overview,
    console_pages,
    console_pages_workflow,
    management_http_findings,
    management_watchdog,
    console_pages_actions,
    management_retention,
    management_repeats,
    site_http,
):
    app.register_functions(module.blueprint)

for domain in (
    order_processing_type,
    delivery_tracking_type,
    saga_type,
    approval_type,
    batch_processing_type,
):
    for workflow_type in domain.TYPES:
        TYPES.add(workflow_type)

saga_definitions.REGISTRY.refuse_invalid(activity_names(app))
follow(app)
PUBLISHED.publish(http_functions(app))
