"""The tables of Application Insights as queries see them, and Microsoft's parser of queries."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scripts import node
from scripts.layout import KQL_LOCK_FILES

_COMMON: Final = (
    "timestamp:datetime, itemType:string, customDimensions:dynamic, customMeasurements:dynamic,"
    " operation_Name:string, operation_Id:string, operation_ParentId:string,"
    " operation_SyntheticSource:string, session_Id:string, user_Id:string, cloud_RoleName:string,"
    " cloud_RoleInstance:string, appName:string, sdkVersion:string, itemId:string, itemCount:int"
)
_CALL: Final = (
    "id:string, name:string, success:string, resultCode:string, duration:real,"
    " performanceBucket:string"
)
# As published for workspace-based components, asked through the component.
TABLES: Final[Mapping[str, str]] = {
    "requests": f"({_CALL}, source:string, url:string, {_COMMON})",
    "dependencies": f"({_CALL}, target:string, type:string, data:string, {_COMMON})",
    "traces": f"(message:string, severityLevel:int, {_COMMON})",
    "exceptions": (
        "(problemId:string, handledAt:string, type:string, message:string, assembly:string,"
        " method:string, outerType:string, outerMessage:string, innermostType:string,"
        f" innermostMessage:string, severityLevel:int, details:dynamic, {_COMMON})"
    ),
    "customEvents": f"(name:string, {_COMMON})",
    "customMetrics": (
        "(name:string, value:real, valueCount:int, valueSum:real, valueMin:real, valueMax:real,"
        f" valueStdDev:real, {_COMMON})"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the parser says about a query: everything wrong, and the columns of its result."""

    findings: list[str]
    columns: list[str]


def read(queries: Mapping[str, str]) -> dict[str, Read]:
    """Let Microsoft's parser and binder read queries."""
    node.ensure_kql()
    asked = subprocess.run(
        [node.find_node(), str(KQL_LOCK_FILES / "check.cjs"), str(node.KQL_MODULES)],
        input=json.dumps({"tables": TABLES, "queries": dict(queries)}),
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: Read(**found) for name, found in json.loads(asked.stdout).items()}
