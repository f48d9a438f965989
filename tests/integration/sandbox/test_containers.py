"""What is known of a blob without reading it."""

import pytest

from shared.storage import Storage

pytestmark = pytest.mark.integration


def test_a_blobs_size_and_type_are_found_without_reading_it(storage: Storage) -> None:
    container = storage.container("found")
    container.write_once("plan", b"12345", content_type="application/pdf")

    found = container.find("plan")

    assert found is not None
    assert (found.size, found.content_type) == (5, "application/pdf")
    assert container.find("none") is None
