"""An order, from the request to the parcel at the door.

A customer sends an order; stock is reserved, the payment is authorized, a shipment is booked, and
only then is the money taken: that is the pivot. Before it, whatever fails is undone newest first;
after it, the story only goes forward. Delivery is followed by delivery_tracking, called by name.
What a customer sends back is a story of its own.

Reading order: orchestrator, steps (paying, stocking, amending), story, transitions, outcomes; then
activities, gateways, adapters, models, questions, http; then returns, and messages.
"""
