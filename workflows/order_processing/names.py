"""Registered and stored names: the wire contract between orchestrator, activities and histories.

A released name never changes its meaning. What the functions do is in their modules.
"""

from typing import Final

ORCHESTRATOR: Final = "order_processing_orchestrator"
RETURN_ORCHESTRATOR: Final = "order_processing_return_orchestrator"

VALIDATE_ORDER: Final = "order_processing_validate_order"
RESERVE_STOCK: Final = "order_processing_reserve_stock"
EXTEND_RESERVATION: Final = "order_processing_extend_reservation"
FIND_AMENDMENT: Final = "order_processing_find_amendment"
COMMIT_STOCK: Final = "order_processing_commit_stock"
RELEASE_STOCK: Final = "order_processing_release_stock"
AUTHORIZE_PAYMENT: Final = "order_processing_authorize_payment"
FIND_PAYMENT: Final = "order_processing_find_payment"
CAPTURE_PAYMENT: Final = "order_processing_capture_payment"
VOID_PAYMENT: Final = "order_processing_void_payment"
BOOK_SHIPMENT: Final = "order_processing_book_shipment"
CANCEL_SHIPMENT: Final = "order_processing_cancel_shipment"
NOTIFY_CUSTOMER: Final = "order_processing_notify_customer"
RECORD_OUTCOME: Final = "order_processing_record_outcome"
RECORD_REFUND: Final = "order_processing_record_refund"

SUBMIT_ORDER: Final = "order_processing_submit_order"
GET_ORDER: Final = "order_processing_get_order"
CANCEL_ORDER: Final = "order_processing_cancel_order"
AMEND_ORDER: Final = "order_processing_amend_order"
RETURN_ORDER: Final = "order_processing_return_order"
STRIPE_NOTICE: Final = "order_processing_stripe_notice"
PAYMENT_NOTICE: Final = "order_processing_payment_notice"

TAKE_MESSAGE: Final = "order_processing_take_message"
KEEP_POISON: Final = "order_processing_keep_poison"
FORGET_MESSAGES: Final = "order_processing_forget_messages"
LIST_REFUSED_MESSAGES: Final = "order_processing_list_refused_messages"
RETRY_REFUSED_MESSAGE: Final = "order_processing_retry_refused_message"

# Registered by another domain; a test proves that it is.
TRACK_DELIVERY: Final = "delivery_tracking_orchestrator"

# The table of stored requests, where activities find what no history holds.
REQUESTS_TABLE: Final = "orderrequests"
# The table of kept returns: the first wish of an order stands.
RETURNS_TABLE: Final = "orderreturns"
