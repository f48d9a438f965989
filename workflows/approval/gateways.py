"""Ports to the systems outside, and how they are reached: storage, the mail room, signed links.

Every call may raise ``ProviderUnavailableError`` or ``StorageUnavailableError``. What is recorded,
and how, is in records.
"""

import functools
from datetime import datetime
from typing import Protocol

from shared.chained_log import ChainedLogs
from shared.http import API_PREFIX
from shared.link_keys import open_link_keys
from shared.post import Post
from shared.principal import digest_of_address
from shared.settings import current_settings
from shared.settings.readers import InvalidSettingError
from shared.signed_links import LinkClaims, LinkKeys, sign
from shared.storage import open_storage
from shared.stored_requests import StoredRequests
from workflows.approval import names
from workflows.approval.models import ApprovalRequest
from workflows.approval.records import Approvals, Dossier
from workflows.approval.rules import RULES, RuleBook, Ruling


class Mail(Protocol):
    """Who writes to people."""

    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> object:
        """Send a message once per key."""
        ...


@functools.cache
def approvals() -> Approvals:
    """Open the book, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Approvals(
        requests=StoredRequests(storage.table(names.REQUESTS_TABLE)),
        logs=ChainedLogs(storage.table(names.LOG_TABLE)),
        ruling=ruling_of,
        inbox=storage.table(names.INBOX_TABLE),
        pokes=storage.table(names.POKES_TABLE),
    )


def ruling_of(request: ApprovalRequest) -> Ruling | None:
    """Return who is asked by the rule table; None when the settings name nobody for its roles.

    Raises:
        InvalidSettingError: They name too few.
    """
    book = _rule_book()
    if book is None:
        return None
    return book.ruling(request.kind, request.amount, requester=request.requester)


@functools.cache
def _rule_book() -> RuleBook | None:
    roles = current_settings().approval_roles
    try:
        return RuleBook(RULES, roles) if roles else None
    except ValueError as problem:
        raise InvalidSettingError("APPROVAL_ROLES", str(problem)) from None


@functools.cache
def mail() -> Mail:
    """Open the mail room, once per process."""
    settings = current_settings()
    return Post.open(settings, open_storage(settings.storage, prefix=settings.data_prefix))


@functools.cache
def link_keys() -> LinkKeys:
    """Open the keys that links are signed with, once per process.

    Raises:
        InvalidSettingError: None is configured.
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return open_link_keys(settings, storage)


def link_for(dossier: Dossier, approver: str) -> str:
    """Return the address of the page where an approver decides; raises as ``link_path`` does."""
    return f"{current_settings().public_url}{link_path(dossier, approver)}"


def link_path(dossier: Dossier, approver: str) -> str:
    """Return the path of the page where an approver decides the current round.

    Raises:
        InvalidSettingError: No key is configured to sign it with.
        ValueError: Nobody is asked now.
    """
    state = dossier.state
    if state.deadline_at is None:
        raise ValueError("a link is for a round that is open")
    claims = LinkClaims.of(
        names.instance_of(dossier.request_id),
        level=state.level,
        round_=state.round,
        approver=digest_of_address(approver),
        expires_at=state.deadline_at,
    )
    return f"{API_PREFIX}/approvals/links/{sign(claims, link_keys())}"
