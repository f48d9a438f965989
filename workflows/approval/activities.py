"""What an approval does to the world: its log grows, and people are written to.

Each effect is keyed, so running an activity again repeats nothing. When something is due is decided
in transitions, who is written to in letters.
"""

from typing import Any

import azure.durable_functions as df

from shared.models import JsonObject
from shared.principal import digest_of_address
from workflows.approval import names
from workflows.approval.documents import document_store, publication_of
from workflows.approval.gateways import approvals, link_for, mail
from workflows.approval.letters import letters
from workflows.approval.models import Advance, Notify, PublishDocument

blueprint = df.Blueprint()


@blueprint.function_name(names.ADVANCE)
@blueprint.activity_trigger(input_name="payload")
def advance(payload: Any) -> JsonObject:
    """Append to the log what is due, and say what is next."""
    return approvals().advance(Advance.from_json(payload)).to_json()


@blueprint.function_name(names.NOTIFY)
@blueprint.activity_trigger(input_name="payload")
def notify(payload: Any) -> None:
    """Write to everybody whom an entry concerns, once each."""
    question = Notify.from_json(payload)
    dossier = approvals().read(question.request_id)
    entry = dossier.log.entries[question.sequence - 1]
    written = letters(
        entry, dossier.state, dossier.request, link=lambda approver: link_for(dossier, approver)
    )
    for letter in written:
        mail().put(
            f"approval-{question.request_id}:{entry.sequence}:{digest_of_address(letter.recipient)}",
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            at=entry.at,
        )


@blueprint.function_name(names.PUBLISH_DOCUMENT)
@blueprint.activity_trigger(input_name="payload")
def publish_document(payload: Any) -> JsonObject:
    """Put the approved version where others read it, and note it in the log; both once."""
    question = PublishDocument.from_json(payload)
    publication = publication_of(
        question.request_id, approvals().read(question.request_id).log.entries
    )
    if publication is None:
        raise ValueError("only an approved document is published")
    document_store().publish(publication)
    return (
        approvals()
        .note_published(question.request_id, publication.document.sha256, at=question.now)
        .to_json()
    )
