"""Blobs by version, in ranges and in blocks, and rows written together, on a real service."""

import pytest

from shared.catalogue import Article, Catalogue
from shared.storage import BlobChangedError, BlobVersion, Container, Row, Storage, Value

pytestmark = pytest.mark.integration

TEXT = "text/plain"


@pytest.fixture
def container(storage: Storage) -> Container:
    return storage.container("blobs")


def put(container: Container, content: bytes, name: str = "a") -> BlobVersion:
    return container.replace(name, content, content_type=TEXT)


def row(key: str, partition: str = "p", **fields: str | int) -> Row:
    return Row(partition_key=partition, row_key=key, fields=fields)


def test_a_range_is_read_without_the_rest(container: Container) -> None:
    version = put(container, b"0123456789")

    assert container.read_range(version, 2, 3) == b"234"
    assert container.read_range(version, 8, 100) == b"89"
    assert container.read_range(version, 10, 1) == b""
    assert container.read_range(version, 3, 0) == b""


def test_a_version_is_never_mixed_with_another(container: Container) -> None:
    version = put(container, b"first")
    put(container, b"second")

    with pytest.raises(BlobChangedError):
        container.read_range(version, 0, 5)


def test_a_version_that_is_gone_is_no_outage(container: Container) -> None:
    version = BlobVersion(name="missing", etag="0x8D", size=5)

    with pytest.raises(BlobChangedError):
        container.read_range(version, 0, 5)


def test_a_blob_is_found_as_it_was_written_and_as_it_is_listed(container: Container) -> None:
    version = put(container, b"content")

    assert container.find("a") == version
    assert list(container.versions()) == [version]
    assert container.find("b") is None


def test_a_blob_in_blocks_shows_when_it_is_whole(container: Container) -> None:
    writer = container.in_blocks("big")
    writer.add(b"one ")
    writer.add(b"")
    writer.add(b"two")
    assert container.read("big") is None

    assert writer.commit(content_type=TEXT, notes={"digest": "abc"})

    assert container.read("big") == b"one two"
    found = container.find("big")
    assert found is not None
    assert found.notes == {"digest": "abc"}


def test_the_first_of_two_writers_in_blocks_counts(container: Container) -> None:
    first, second = container.in_blocks("big"), container.in_blocks("big")
    first.add(b"same")
    second.add(b"same")

    assert first.commit(content_type=TEXT)
    version = container.find("big")
    assert not second.commit(content_type=TEXT)
    assert container.find("big") == version


def test_a_blob_in_blocks_can_be_empty(container: Container) -> None:
    assert container.in_blocks("empty").commit(content_type=TEXT)
    assert container.read("empty") == b""


def test_rows_put_together_replace_what_is_there(storage: Storage) -> None:
    table = storage.table("T")
    table.write(row("b", old=1))

    assert table.put_together([row("a", n=1), row("b", n=2)])

    assert [dict(found.fields) for found in table.between("p", "a", "c")] == [{"n": 1}, {"n": 2}]
    assert table.count("PartitionKey eq @p", p="p") == 2


def test_rows_put_together_are_what_rows_put_alone_are(storage: Storage) -> None:
    table = storage.table("T")
    fields: dict[str, Value] = {
        "text": "O'Neil \u00e9 \u20ac \U0001f600 \\ \" \r\n <>&%",
        "empty": "",
        "large": 2**62,
        "negative": -1,
        "yes": True,
        "no": False,
    }
    keys = ["plain", "O'Neil", "a b+c:@,!()*=2F", "\u00e9"]
    rows = [Row(partition_key="p 1'", row_key=key, fields=fields) for key in keys]

    assert table.put_together(rows)

    for wanted in rows:
        alone = Row(partition_key=wanted.partition_key, row_key=f"{wanted.row_key}~", fields=fields)
        table.put(alone)
        together, single = (
            table.read(wanted.partition_key, key) for key in (wanted.row_key, alone.row_key)
        )
        assert together is not None
        assert single is not None
        assert together.fields == single.fields == fields


def test_rows_put_together_do_not_go_through_the_slow_way(storage: Storage) -> None:
    table = storage.table("T")

    assert table._upsert_all([row("a"), row("b")])
    assert not table._upsert_all([row("a"), row("c", text="x" * 70_000)])

    assert table.count("PartitionKey eq @p", p="p") == 2


@pytest.mark.parametrize("others", [0, 2])
def test_a_refused_row_is_an_answer_and_nothing_is_written(storage: Storage, others: int) -> None:
    table = storage.table("T")
    good = [row(f"good{number}", n=1) for number in range(others)]
    bad = row("bad", text="x" * 70_000)

    assert not table.put_together([*good, bad])
    assert table.count("PartitionKey eq @p", p="p") == 0


def test_missing_rows_are_inserted_and_present_ones_stay(storage: Storage) -> None:
    table = storage.table("T")
    table.write(row("005", by="somebody"))

    table.insert_missing([row(f"{number:03}", by="us") for number in range(120)])

    assert table.count("PartitionKey eq @p", p="p") == 120
    found = table.read("p", "005")
    assert found is not None
    assert found.text("by") == "somebody"


def article(sku: str, stock: int = 1) -> dict[str, str | int]:
    return {
        "sku": sku,
        "priceMinor": 10**9,
        "currency": "EUR",
        "taxClass": "zero",
        "stock": stock,
    }


def test_the_catalogue_finds_what_an_import_wrote_last(storage: Storage) -> None:
    catalogue = Catalogue.open(storage)
    catalogue.write([article("lamp")], job_id="one")
    catalogue.write([article("mug")], job_id="one")

    catalogue.write([article("lamp", stock=5)], job_id="two")

    assert catalogue.find("lamp", "EUR") == Article(
        sku="lamp",
        price_minor=10**9,
        currency="EUR",
        tax_class="zero",
        stock=5,
        job_id="two",
    )
    assert catalogue.find("desk", "EUR") is None
    assert (catalogue.count("one"), catalogue.count("two"), catalogue.count("no")) == (1, 1, 0)


def test_articles_are_spread_evenly_enough_to_fill_transactions(storage: Storage) -> None:
    catalogue = Catalogue.open(storage)
    groups = [catalogue.group_of({"sku": f"sku-{number:06}"}) for number in range(1600)]

    sizes = [groups.count(group) for group in set(groups)]
    assert len(sizes) == 16
    assert max(sizes) < 140
