"""Registered and stored names: the wire contract between orchestrators, activities and histories.

A released name never changes its meaning. What the functions do is in their modules.
"""

from typing import Final

from shared import cancellation

ORCHESTRATOR: Final = "saga_orchestrator"
STEP_ORCHESTRATOR: Final = "saga_step_orchestrator"

CLOSE_CANCELLATION: Final = cancellation.CLOSE_CANCELLATION

PRICE_ORDER: Final = "saga_price_order"
UPDATE_ORDER_STATUS: Final = "saga_update_order_status"
FAIL_ORDER_STATUS: Final = "saga_fail_order_status"

START: Final = "saga_start"
START_ORDER: Final = "saga_start_order"
CANCEL: Final = "saga_cancel"

# Registered by another domain; loading the app fails when they are not.
RESERVE_STOCK: Final = "order_processing_reserve_stock"
COMMIT_STOCK: Final = "order_processing_commit_stock"
RELEASE_STOCK: Final = "order_processing_release_stock"
AUTHORIZE_PAYMENT: Final = "order_processing_authorize_payment"
CAPTURE_PAYMENT: Final = "order_processing_capture_payment"
VOID_PAYMENT: Final = "order_processing_void_payment"
BOOK_SHIPMENT: Final = "order_processing_book_shipment"
CANCEL_SHIPMENT: Final = "order_processing_cancel_shipment"

# The table of stored requests, where activities find what no history holds.
REQUESTS_TABLE: Final = "sagarequests"
