"""Links of mails that were opened: what each leads to, if it is believed.

Looking changes nothing, here or anywhere below. What is shown, and what a form does, is in pages.
"""

import logging
from dataclasses import dataclass
from typing import Final

from shared.clock import system_clock
from shared.http import API_PREFIX
from shared.signed_links import (
    LinkClaims,
    LinkRefusal,
    form_proof,
    proves_form,
    shown_in_logs,
    verify,
)
from workflows.approval import names
from workflows.approval.calendars import AROUND_THE_CLOCK, CALENDARS
from workflows.approval.desk import approver_of
from workflows.approval.documents import document_store
from workflows.approval.gateways import approvals, link_keys
from workflows.approval.models import Document
from workflows.approval.page_views import Case, Question, Receipt, question, receipt
from workflows.approval.records import Dossier

_LINKS: Final = f"{API_PREFIX}/approvals/links"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A link that is believed, and what it leads to.

    Its methods read storage, so they may raise ``StorageUnavailableError``.
    """

    token: str
    claims: LinkClaims
    dossier: Dossier
    approver: str

    @property
    def path(self) -> str:
        """Where the link's page is."""
        return f"{_LINKS}/{self.token}"

    @property
    def is_asked(self) -> bool:
        """Whether whoever holds the link can decide with it now."""
        state = self.dossier.state
        is_current = (state.level, state.round) == (self.claims.level, self.claims.round)
        is_used = self.claims.jti in self.dossier.log.guards
        return is_current and self.approver in state.undecided and not is_used

    @property
    def proof(self) -> str:
        """What the page's own forms carry."""
        return form_proof(self.token, link_keys())

    def proves(self, proof: str) -> bool:
        """Whether a form came from the link's page."""
        return proves_form(proof, self.token, link_keys())

    @property
    def document(self) -> Document | None:
        """The current version of the document, if the request has one."""
        state = self.dossier.state
        document = state.requested.document
        return document and document.model_copy(update={"sha256": state.document_sha256})

    def question(self) -> Question:
        """Put into words what is asked."""
        document = self.document
        kept = document_store().find(document.sha256) if document else None
        return question(
            self._case,
            self.approver,
            now=system_clock().now(),
            document_size=kept.size if kept else None,
            time_zone=_time_zone(self.dossier.request.calendar),
        )

    def receipt(self) -> Receipt | None:
        """Put into words what was done with the link; None when nothing was."""
        return receipt(self._case, self.approver, level=self.claims.level, round_=self.claims.round)

    @property
    def _case(self) -> Case:
        dossier = self.dossier
        return Case(request=dossier.request, state=dossier.state, entries=dossier.log.entries)


def opened(token: str) -> OpenedLink | None:
    """Believe a link; if not, the reason goes to the log and to nobody else.

    Raises:
        InvalidSettingError: No key is configured.
        StorageUnavailableError: Try again.
    """
    claims = verify(token, link_keys(), now=system_clock().now())
    if isinstance(claims, LinkRefusal):
        _logger.info("a link was refused: %s", claims)
        return None
    request_id = names.request_of(claims.instance)
    dossier = approvals().find(request_id) if request_id else None
    approver = approver_of(dossier, claims) if dossier else None
    if dossier is None or approver is None:
        _logger.info("link %s leads nowhere", shown_in_logs(claims))
        return None
    return OpenedLink(token=token, claims=claims, dossier=dossier, approver=approver)


def _time_zone(calendar: str | None) -> str | None:
    """Return the zone in which a request's hours count; None when every hour does."""
    found = CALENDARS.get(calendar or AROUND_THE_CLOCK)
    return found.time_zone if found and calendar not in {None, AROUND_THE_CLOCK} else None
