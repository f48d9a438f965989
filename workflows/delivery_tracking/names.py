"""Registered names: the wire contract between orchestrator, activities and histories.

A released name never changes its meaning. What the functions do is in their modules.
"""

from typing import Final

ORCHESTRATOR: Final = "delivery_tracking_orchestrator"

CHECK_SHIPMENT: Final = "delivery_tracking_check_shipment"
NOTIFY_CUSTOMER: Final = "delivery_tracking_notify_customer"
OPEN_INQUIRY: Final = "delivery_tracking_open_inquiry"
OPEN_CLAIM: Final = "delivery_tracking_open_claim"

CARRIER_NOTICE: Final = "delivery_tracking_carrier_notice"

SCANS_TABLE: Final = "Scans"
