"""The part of azure-functions-durable 1.7 that this repository uses, typed.

The package ships no py.typed, so without this every decorator and context would be Any.
tests/contract/test_registration.py proves that each name here exists at run time.
"""

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

import azure.functions as func
from azure.durable_functions.models import TaskBase
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.EntityStateResponse import EntityStateResponse
from azure.durable_functions.models.Task import TimerTask
from azure.functions.decorators.function_app import FunctionBuilder

__all__ = [
    "Blueprint",
    "DFApp",
    "DurableEntityContext",
    "DurableOrchestrationClient",
    "DurableOrchestrationContext",
    "EntityId",
    "OrchestrationRuntimeStatus",
    "RetryOptions",
]

from enum import Enum

type _Decorator[F] = Callable[[F], FunctionBuilder]

class OrchestrationRuntimeStatus(Enum):
    Running = "Running"
    Completed = "Completed"
    ContinuedAsNew = "ContinuedAsNew"
    Failed = "Failed"
    Canceled = "Canceled"
    Terminated = "Terminated"
    Pending = "Pending"
    Suspended = "Suspended"

class RetryOptions:
    def __init__(
        self, first_retry_interval_in_milliseconds: int, max_number_of_attempts: int
    ) -> None: ...
    @property
    def first_retry_interval_in_milliseconds(self) -> int: ...
    @property
    def max_number_of_attempts(self) -> int: ...
    def to_json(self) -> dict[str, str | int]: ...

class DurableOrchestrationContext:
    @property
    def instance_id(self) -> str: ...
    @property
    def is_replaying(self) -> bool: ...
    @property
    def current_utc_datetime(self) -> datetime: ...
    def get_input(self) -> Any: ...
    def set_custom_status(self, status: Any) -> None: ...
    def call_activity(self, name: str, input_: Any | None = None) -> TaskBase: ...
    def call_activity_with_retry(
        self, name: str, retry_options: RetryOptions, input_: Any | None = None
    ) -> TaskBase: ...
    def call_sub_orchestrator(
        self, name: str, input_: Any | None = None, instance_id: str | None = None
    ) -> TaskBase: ...
    def create_timer(self, fire_at: datetime) -> TimerTask: ...
    def wait_for_external_event(self, name: str) -> TaskBase: ...
    def task_any(self, activities: list[TaskBase]) -> TaskBase: ...
    def task_all(self, activities: list[TaskBase]) -> TaskBase: ...
    def call_entity(
        self, entity_id: EntityId, operation_name: str, operation_input: Any | None = None
    ) -> TaskBase: ...
    def continue_as_new(self, input_: Any) -> None: ...

class DurableEntityContext:
    @property
    def operation_name(self) -> str | None: ...
    def get_input(self) -> Any: ...
    def get_state(self, initializer: Callable[[], Any] | None = None) -> Any: ...
    def set_state(self, state: Any) -> None: ...
    def set_result(self, result: Any) -> None: ...
    def destruct_on_exit(self) -> None: ...

class DurableOrchestrationClient:
    async def start_new(
        self,
        orchestration_function_name: str,
        instance_id: str | None = None,
        client_input: Any | None = None,
    ) -> str: ...
    async def raise_event(
        self, instance_id: str, event_name: str, event_data: Any = None
    ) -> None: ...
    async def signal_entity(
        self, entity_id: EntityId, operation_name: str, operation_input: Any | None = None
    ) -> None: ...
    async def read_entity_state(self, entity_id: EntityId) -> EntityStateResponse: ...
    async def get_status(
        self,
        instance_id: str,
        show_history: bool = False,
        show_history_output: bool = False,
        show_input: bool = False,
    ) -> DurableOrchestrationStatus: ...

class Blueprint:
    def __init__(self, http_auth_level: func.AuthLevel | str = ...) -> None: ...
    def function_name(self, name: str) -> Callable[[Any], FunctionBuilder]: ...
    def route(
        self,
        route: str | None = None,
        trigger_arg_name: str = "req",
        methods: list[str] | None = None,
        auth_level: func.AuthLevel | str | None = None,
    ) -> Callable[[Any], FunctionBuilder]: ...
    def orchestration_trigger(
        self, context_name: str
    ) -> _Decorator[Callable[[DurableOrchestrationContext], Generator[TaskBase, Any, Any]]]: ...
    def activity_trigger(self, input_name: str) -> _Decorator[Callable[..., Any]]: ...
    def timer_trigger(
        self,
        arg_name: str,
        schedule: str,
        run_on_startup: bool | None = None,
        use_monitor: bool | None = None,
    ) -> Callable[[Any], FunctionBuilder]: ...
    def retry(
        self, strategy: str, max_retry_count: str, delay_interval: str | None = None
    ) -> Callable[[Any], FunctionBuilder]: ...
    def queue_trigger(
        self, arg_name: str, queue_name: str, connection: str
    ) -> Callable[[Any], FunctionBuilder]: ...
    def queue_output(
        self, arg_name: str, queue_name: str, connection: str
    ) -> Callable[[Any], FunctionBuilder]: ...
    def blob_trigger(
        self, arg_name: str, path: str, connection: str
    ) -> Callable[[Any], FunctionBuilder]: ...
    def blob_input(
        self, arg_name: str, path: str, connection: str
    ) -> Callable[[Any], FunctionBuilder]: ...
    def blob_output(
        self, arg_name: str, path: str, connection: str
    ) -> Callable[[Any], FunctionBuilder]: ...
    def entity_trigger(self, context_name: str) -> Callable[[Any], FunctionBuilder]: ...
    def durable_client_input(self, client_name: str) -> Callable[[Any], FunctionBuilder]: ...

class DFApp(Blueprint):
    def register_functions(self, function_container: Blueprint) -> None: ...
    def get_functions(self) -> list[Any]: ...

class EntityId:
    name: str
    key: str
    def __init__(self, name: str, key: str) -> None: ...
