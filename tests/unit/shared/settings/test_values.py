"""Settings: read once, checked, and a wrong one is named."""

from datetime import timedelta

import pytest

from shared.settings import IdentitySource, Settings
from shared.settings.readers import InvalidSettingError
from shared.settings.storage import ConnectionString, IdentityEndpoints

EMULATOR = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def test_storage_alone_is_enough_for_a_start() -> None:
    settings = Settings.from_environment(EMULATOR)

    assert settings.data_prefix == "app"
    assert settings.payment_deadline == timedelta(minutes=15)
    assert settings.reservation_ttl == timedelta(minutes=15)
    assert settings.sandbox_transit == timedelta(seconds=10)


def test_the_emulators_short_form_is_spelled_out() -> None:
    storage = Settings.from_environment(EMULATOR).storage

    assert isinstance(storage, ConnectionString)
    assert "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;" in storage.value
    assert "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;" in storage.value


def test_the_emulator_may_be_on_another_machine() -> None:
    short = "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://10.0.0.7"

    storage = Settings.from_environment({"AzureWebJobsStorage": short}).storage

    assert isinstance(storage, ConnectionString)
    assert "TableEndpoint=http://10.0.0.7:10002/devstoreaccount1;" in storage.value


@pytest.mark.parametrize(
    "connection_string",
    [
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=x",
        "SharedAccessSignature=s;TableEndpoint=https://t;BlobEndpoint=https://b",
    ],
)
def test_a_connection_string_is_passed_on_as_it_is(connection_string: str) -> None:
    settings = Settings.from_environment({"AzureWebJobsStorage": connection_string})

    assert settings.storage == ConnectionString(value=connection_string)


def test_a_key_never_shows_in_the_settings_text() -> None:
    raw = "AccountName=a;AccountKey=CANARY"

    assert "CANARY" not in repr(Settings.from_environment({"AzureWebJobsStorage": raw}))


def test_an_account_name_is_enough_for_an_identity() -> None:
    settings = Settings.from_environment({"AzureWebJobsStorage__accountName": "orders01"})

    assert settings.storage == IdentityEndpoints(
        table_url="https://orders01.table.core.windows.net",
        blob_url="https://orders01.blob.core.windows.net",
    )


def test_service_addresses_go_before_the_account_name() -> None:
    settings = Settings.from_environment(
        {
            "AzureWebJobsStorage__accountName": "orders01",
            "AzureWebJobsStorage__tableServiceUri": "https://tables.example.com/",
            "AzureWebJobsStorage__clientId": "11111111-2222-3333-4444-555555555555",
        }
    )

    assert settings.storage == IdentityEndpoints(
        table_url="https://tables.example.com",
        blob_url="https://orders01.blob.core.windows.net",
        client_id="11111111-2222-3333-4444-555555555555",
    )


@pytest.mark.parametrize(
    ("environ", "setting"),
    [
        ({}, "AzureWebJobsStorage"),
        ({"AzureWebJobsStorage": "CANARY"}, "AzureWebJobsStorage"),
        ({"AzureWebJobsStorage": "AccountName=CANARY"}, "AzureWebJobsStorage"),
        (
            {"AzureWebJobsStorage__tableServiceUri": "http://tables.example.com"},
            "AzureWebJobsStorage__tableServiceUri",
        ),
        ({**EMULATOR, "APP_DATA_PREFIX": "Has-Dash"}, "APP_DATA_PREFIX"),
        ({**EMULATOR, "APP_DATA_PREFIX": "x" * 21}, "APP_DATA_PREFIX"),
        ({**EMULATOR, "SANDBOX_TRANSIT_S": "soon"}, "SANDBOX_TRANSIT_S"),
        ({**EMULATOR, "SANDBOX_TRANSIT_S": "0"}, "SANDBOX_TRANSIT_S"),
        ({**EMULATOR, "SANDBOX_TRANSIT_S": "nan"}, "SANDBOX_TRANSIT_S"),
        ({**EMULATOR, "DELIVERY_LIMIT_S": "1e99"}, "DELIVERY_LIMIT_S"),
        ({**EMULATOR, "DELIVERY_SILENCE_S": "0"}, "DELIVERY_SILENCE_S"),
        ({**EMULATOR, "CARRIER_WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "CARRIER_WEBHOOK_SECRET"),
        ({**EMULATOR, "ORDER_RETURN_WINDOW_DAYS": "0"}, "ORDER_RETURN_WINDOW_DAYS"),
        ({**EMULATOR, "ORDER_RETURN_WINDOW_DAYS": "1.5"}, "ORDER_RETURN_WINDOW_DAYS"),
        ({**EMULATOR, "ORDER_RETURN_WINDOW_DAYS": "366"}, "ORDER_RETURN_WINDOW_DAYS"),
        ({**EMULATOR, "ORDER_RESERVATION_TTL_S": "59"}, "ORDER_RESERVATION_TTL_S"),
        ({**EMULATOR, "APP_IDENTITY": "anybody"}, "APP_IDENTITY"),
        ({**EMULATOR, "APPROVAL_LINK_KEYS": "a:CANARY"}, "APPROVAL_LINK_KEYS"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(environ: dict[str, str], setting: str) -> None:
    with pytest.raises(InvalidSettingError) as caught:
        Settings.from_environment(environ)

    assert caught.value.setting == setting
    assert str(caught.value).startswith(f"{setting}: ")
    assert "CANARY" not in str(caught.value)


def test_half_an_identity_names_what_is_missing() -> None:
    with pytest.raises(InvalidSettingError, match="AzureWebJobsStorage__blobServiceUri"):
        Settings.from_environment(
            {"AzureWebJobsStorage__tableServiceUri": "https://tables.example.com"}
        )


def test_fractions_of_a_second_are_allowed() -> None:
    settings = Settings.from_environment({**EMULATOR, "SANDBOX_TRANSIT_S": "0.25"})

    assert settings.sandbox_transit == timedelta(milliseconds=250)


def test_nobody_is_believed_and_no_key_is_known_by_default() -> None:
    settings = Settings.from_environment(EMULATOR)

    assert settings.identity is IdentitySource.NONE
    assert not settings.easy_auth_enabled
    assert settings.link_keys is None


_LOCAL = (
    "AccountName=devstoreaccount1;AccountKey=a2V5;"
    "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;TableEndpoint=http://{table}:2/devstoreaccount1"
)


@pytest.mark.parametrize("table", ["127.0.0.1", "localhost", "[::1]"])
def test_development_identity_is_for_an_emulator_on_this_machine(table: str) -> None:
    environ = {"AzureWebJobsStorage": _LOCAL.format(table=table), "APP_IDENTITY": "development"}

    assert Settings.from_environment(environ).identity is IdentitySource.DEVELOPMENT


@pytest.mark.parametrize(
    "environ",
    [
        {"AzureWebJobsStorage__accountName": "orders01"},
        {"AzureWebJobsStorage": "AccountName=devstoreaccount1;AccountKey=a2V5"},
        {"AzureWebJobsStorage": "AccountName=orders01;AccountKey=a2V5;EndpointSuffix=localhost"},
        {"AzureWebJobsStorage": _LOCAL.format(table="127.0.0.1").replace("devstore", "other")},
        {"AzureWebJobsStorage": _LOCAL.format(table="10.0.0.7")},
        {"AzureWebJobsStorage": _LOCAL.format(table="127.0.0.1.example.com")},
        {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true;"
            "DevelopmentStorageProxyUri=http://10.0.0.7"
        },
    ],
)
def test_development_identity_is_refused_anywhere_else(environ: dict[str, str]) -> None:
    with pytest.raises(InvalidSettingError, match=r"^APP_IDENTITY: development"):
        Settings.from_environment({**environ, "APP_IDENTITY": "development"})


def test_roles_of_approvers_are_read_in_lower_case_and_once_each() -> None:
    raw = '{"manager": ["Ann@Example.com", "ann@example.com", "bo@example.com"]}'

    settings = Settings.from_environment({**EMULATOR, "APPROVAL_ROLES": raw})

    assert settings.approval_roles == {"manager": ("ann@example.com", "bo@example.com")}


def test_example_roles_exist_on_a_local_emulator_only() -> None:
    elsewhere = {"AzureWebJobsStorage__accountName": "approvals01"}

    assert "manager" in Settings.from_environment(EMULATOR).approval_roles
    assert Settings.from_environment(elsewhere).approval_roles == {}


@pytest.mark.parametrize(
    "raw",
    [
        "manager",
        "[]",
        '{"manager": "ann@example.com"}',
        '{"manager": []}',
        '{"manager": ["ann@example.com", "CANARY"]}',
        '{"manager": [7]}',
        '{"manager": ["a@example.com"], "manager": ["b@example.com"]}',
    ],
)
def test_a_wrong_role_is_named_and_nobodys_address_repeated(raw: str) -> None:
    with pytest.raises(InvalidSettingError, match="APPROVAL_ROLES: ") as refused:
        Settings.from_environment({**EMULATOR, "APPROVAL_ROLES": raw})

    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://localhost:7071"),
        ({"WEBSITE_HOSTNAME": "localhost:7072"}, "http://localhost:7072"),
        ({"WEBSITE_HOSTNAME": "app.azurewebsites.net"}, "https://app.azurewebsites.net"),
        (
            {"WEBSITE_HOSTNAME": "x.azurewebsites.net", "APP_PUBLIC_URL": "https://a.example.com/"},
            "https://a.example.com",
        ),
    ],
)
def test_links_lead_to_where_people_reach_the_application(
    environ: dict[str, str], url: str
) -> None:
    storage = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}

    assert Settings.from_environment({**storage, **environ}).public_url == url


@pytest.mark.parametrize(
    "url",
    ["http://app.example.com", "app.example.com", "https://a.example.com/x", "https://u@a.b"],
)
def test_a_public_address_that_links_cannot_begin_with_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettingError, match="APP_PUBLIC_URL"):
        Settings.from_environment(
            {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "APP_PUBLIC_URL": url}
        )


def test_the_sandbox_takes_payments_unless_told_otherwise() -> None:
    assert Settings.from_environment(EMULATOR).stripe is None


def test_a_stripe_account_is_known_by_its_secret_key_which_never_shows() -> None:
    environ = {**EMULATOR, "PAYMENT_PROVIDER": "stripe", "STRIPE_API_KEY": "sk_test_CANARY"}

    settings = Settings.from_environment(environ)

    assert settings.stripe is not None
    assert settings.stripe.api_key == "sk_test_CANARY"
    assert "CANARY" not in repr(settings)


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ({"PAYMENT_PROVIDER": "barter"}, "PAYMENT_PROVIDER"),
        ({"PAYMENT_PROVIDER": "stripe"}, "STRIPE_API_KEY"),
        ({"PAYMENT_PROVIDER": "stripe", "STRIPE_API_KEY": "pk_CANARY"}, "STRIPE_API_KEY"),
        (
            {
                "PAYMENT_PROVIDER": "stripe",
                "STRIPE_API_KEY": "sk_test_CANARY",
                "STRIPE_API_URL": "http://elsewhere.example.com",
            },
            "STRIPE_API_URL",
        ),
    ],
)
def test_a_provider_that_cannot_be_paid_with_is_refused(more: dict[str, str], setting: str) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        Settings.from_environment({**EMULATOR, **more})

    assert refused.value.setting == setting
    assert "CANARY" not in str(refused.value)


CARRIER = {
    "CARRIER_PROVIDER": "http",
    "CARRIER_URL": "https://carrier.example.com/v1/",
    "CARRIER_API_KEY": "CANARY-key",
}


def test_a_carrier_is_known_by_where_it_is_and_its_key_never_shows() -> None:
    settings = Settings.from_environment({**EMULATOR, **CARRIER})

    assert settings.carrier is not None
    assert settings.carrier.url == "https://carrier.example.com/v1"
    assert settings.carrier.api_key == "CANARY-key"
    assert "CANARY" not in repr(settings)
    assert Settings.from_environment(EMULATOR).carrier is None


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ({"CARRIER_PROVIDER": "pigeon"}, "CARRIER_PROVIDER"),
        ({"CARRIER_URL": ""}, "CARRIER_URL"),
        ({"CARRIER_URL": "http://carrier.example.com"}, "CARRIER_URL"),
        ({"CARRIER_URL": "https://"}, "CARRIER_URL"),
        ({"CARRIER_URL": "https://user:CANARY@carrier.example.com"}, "CARRIER_URL"),
        ({"CARRIER_URL": "https://carrier.example.com/?key=CANARY"}, "CARRIER_URL"),
        ({"CARRIER_API_KEY": ""}, "CARRIER_API_KEY"),
        ({"CARRIER_API_KEY": "CANARY\r\nX-Header: 1"}, "CARRIER_API_KEY"),
    ],
)
def test_a_carrier_that_cannot_be_reached_safely_is_refused(
    more: dict[str, str], setting: str
) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        Settings.from_environment({**EMULATOR, **CARRIER, **more})

    assert refused.value.setting == setting
    assert "CANARY" not in str(refused.value)


def test_what_counts_as_too_long_and_what_is_kept_can_be_set() -> None:
    usual = Settings.from_environment(EMULATOR).operations
    changed = Settings.from_environment(
        {
            **EMULATOR,
            "WATCHDOG_PENDING_LIMIT_S": "60",
            "WATCHDOG_SILENCE_LIMIT_S": "3600",
            "RETENTION_DAYS": "order=30, batch-shard=7",
        }
    ).operations

    assert (usual.pending_limit, usual.silence_limit) == (timedelta(minutes=5), timedelta(days=2))
    assert usual.keep_for == {}
    assert (changed.pending_limit, changed.silence_limit) == (
        timedelta(minutes=1),
        timedelta(hours=1),
    )
    assert changed.keep_for == {"order": timedelta(days=30), "batch-shard": timedelta(days=7)}


@pytest.mark.parametrize("raw", ["order", "order=0", "order=-1", "ORDER=3", "a=1,a=2", "order=1.5"])
def test_a_retention_that_means_nothing_is_refused(raw: str) -> None:
    with pytest.raises(InvalidSettingError, match="RETENTION_DAYS"):
        Settings.from_environment({**EMULATOR, "RETENTION_DAYS": raw})
