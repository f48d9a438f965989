"""Documents kept in memory, with a look behind the shelf."""

from collections.abc import Iterator

from shared.storage import BlobVersion
from workflows.approval.documents import Documents


class BlobsInMemory:
    """Implements ``documents.Blobs``."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.types: dict[str, str] = {}

    def write_once(self, name: str, content: bytes, *, content_type: str) -> bool:
        if name in self.content:
            return False
        self.content[name], self.types[name] = content, content_type
        return True

    def read(self, name: str) -> bytes | None:
        return self.content.get(name)

    def find(self, name: str) -> BlobVersion | None:
        if name not in self.content:
            return None
        return BlobVersion(
            name=name, etag="1", size=len(self.content[name]), content_type=self.types[name]
        )

    def names(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self.content if name.startswith(prefix)))


class Shelf(Documents):
    """Documents in memory, and what is behind them."""

    def __init__(self) -> None:
        self.kept, self.published = BlobsInMemory(), BlobsInMemory()
        super().__init__(kept=self.kept, published=self.published)
