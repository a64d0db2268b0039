"""engine.yaml is checked as a whole, and never shows a secret."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.errors import InvalidSettings
from engine.passwords import hash_password
from engine.registry import Registry
from engine.settings import DashboardUser, InvalidSettingsFile, Settings, duration, settings_schema
from tests.engine.specs.mutators import MUTATORS, Mutator
from tests.engine.test_registry import Shop


class Store(Shop):
    """A connector with every kind of setting."""

    name = "store"
    title = "Store"
    settings_schema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["company", "api_token"],
        "properties": {
            "company": {"type": "string", "description": "Its name."},
            "api_token": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "The token."},
            "plan": {"enum": ["lite", "growth"], "description": "The plan."},
            "share": {"type": "number", "maximum": 1, "description": "The share, 1 at most."},
            "webhook": {"type": "object", "description": "w", "properties": {"password": {"type": "string"}}},
        },
    }


REGISTRY = Registry.of(Store)
GOOD = """\
store: postgresql+psycopg://me:${DB}@host/db
server: {url: "https://sync.example.com/", port: 0, proxies: [127.0.0.1], grace: 1 minute}
connections:
  acme:
    zone: America/New_York
    settings: {stage: Invoices / Sent, first_invoice_date: "2026-01-01"}
    store:
      company: acme
      api_token: "${TOKEN}"
      share: 0.75
      webhook: {password: written-out}
"""
ENVIRONMENT = {"TOKEN": "t0ken-value", "DB": "p@ss"}


def load(folder: Path, text: str, **options: Any) -> Settings:
    path = folder / "engine.yaml"
    path.write_text(text, "utf-8")
    return Settings.load(path, REGISTRY, **{"environment": ENVIRONMENT, **options})


def errors(folder: Path, text: str, **options: Any) -> str:
    with pytest.raises(InvalidSettings) as caught:
        load(folder, text, **options)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_good_file_gives_typed_values_with_secrets_put_in(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    acme = settings.connections["acme"]
    assert settings.store == "postgresql+psycopg://me:p%40ss@host/db"
    assert (settings.server.url, settings.server.port) == ("https://sync.example.com", 0)
    assert settings.server.grace == timedelta(minutes=1)
    assert (acme.zone.key, acme.mappings) == ("America/New_York", "preset:default")
    assert acme.settings == {"stage": "Invoices / Sent", "first_invoice_date": "2026-01-01"}
    assert acme.connectors["store"]["api_token"] == "t0ken-value"
    assert acme.connectors["store"]["webhook"]["password"] == "written-out"


def test_no_secret_shows_in_a_repr_and_all_are_known_to_the_logs(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    for secret in ("t0ken-value", "p@ss", "written-out"):
        assert secret not in repr(settings)
        assert secret in settings.secrets
    assert "'company': 'acme'" in repr(settings)


def test_users_of_the_dashboard_and_the_certificate_are_read(tmp_path: Path) -> None:
    hashed = hash_password("correct horse")
    users = 'dashboard: {idle: 20 minutes, users: {anna: {password_hash: "${ANNA}", role: operator}}}\n'
    text = users + GOOD.replace("port: 0", "port: 0, certificate: chain.pem, key: /keys/key.pem")
    settings = load(tmp_path, text, environment={**ENVIRONMENT, "ANNA": hashed})
    assert settings.dashboard.users == {"anna": DashboardUser("anna", hashed, "operator")}
    assert (settings.dashboard.idle, settings.dashboard.longest) == (timedelta(minutes=20), timedelta(hours=12))
    assert settings.server.tls == (tmp_path / "chain.pem", Path("/keys/key.pem"))
    assert hashed in settings.secrets
    assert hashed not in repr(settings)


def test_a_missing_variable_is_named_with_its_key_and_place(tmp_path: Path) -> None:
    found = errors(tmp_path, GOOD, environment={"DB": ""})
    assert "engine.yaml:9:18 connections.acme.store.api_token: the environment variable TOKEN is not set." in found
    assert "engine.yaml:1:8 store: the environment variable DB is empty." in found


def test_without_secrets_the_rest_is_still_checked(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD, environment={}, secrets=False).secrets == ("written-out",)
    assert "'shre' is not known here" in errors(tmp_path, GOOD.replace("share", "shre"), environment={}, secrets=False)


def test_a_secret_of_the_wrong_form_is_refused_without_being_shown(tmp_path: Path) -> None:
    found = errors(tmp_path, GOOD, environment={**ENVIRONMENT, "TOKEN": "Not A Token"})
    assert "E114 engine.yaml:9:18 The value [secret] cannot stand here. The token." in found
    assert "Not A Token" not in found


@pytest.mark.parametrize("written", ["5432167", "[5432167]", "{a: 5432167}", "'5432167"])
def test_a_secret_that_was_written_out_is_in_no_message(tmp_path: Path, written: str) -> None:
    with pytest.raises(InvalidSettingsFile) as refused:
        load(tmp_path, GOOD.replace('"${TOKEN}"', written))
    assert refused.value.diagnostics
    assert "5432167" not in "".join(one.text() for one in refused.value.diagnostics)


def test_a_file_gives_a_secret_without_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    settings = load(tmp_path, GOOD.replace("${TOKEN}", "file:token"))
    assert settings.connections["acme"].connectors["store"]["api_token"] == "from-a-file"
    assert "the file nowhere cannot be read" in errors(tmp_path, GOOD.replace("${TOKEN}", "file:nowhere"))


def test_mappings_settings_take_no_secret(tmp_path: Path) -> None:
    assert "never secrets" in errors(tmp_path, GOOD.replace("Invoices / Sent", '"${TOKEN}"'))


def test_a_dollar_sign_can_be_written(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD.replace("company: acme", 'company: "$${TOKEN}"'))
    assert settings.connections["acme"].connectors["store"]["company"] == "${TOKEN}"


@pytest.mark.parametrize(
    ("good", "bad", "found"),
    [
        ("server:", "sever:", "engine.yaml:2:1 'sever' is not known here. Did you mean 'server'?"),
        ("    store:\n", "    stroe:\n", "engine.yaml:7:5 'stroe' is not known here. Did you mean 'store'?"),
        ("port: 0", 'port: "0"', "This takes a whole number, not '0'. Write digits, without quotes."),
        ("port: 0", "port: 70000", "This is at most 65535. The port to listen at"),
        ("      company: acme\n", "", "engine.yaml:7:5 The key 'company' is missing."),
        (
            "America/New_York",
            "America/NewYork",
            "'America/NewYork' is not a time zone. Did you mean 'America/New_York'?",
        ),
        ("share: 0.75", "plan: grwth", "This takes lite, growth; not 'grwth'. Did you mean 'growth'?"),
        ("share: 0.75", "share: 1.5", "This is at most 1. The share, 1 at most."),
        ("  acme:", "  Acme Inc:", "engine.yaml:4:3 'Acme Inc' cannot be a name here. Use small letters"),
        ("  acme:", "  records:", "engine.yaml:4:3 'records' cannot be a name here. Use small letters"),
        ("port: 0", "certificate: a.pem", "engine.yaml:2:1 The key 'key' is missing."),
        ("store: postgres", "dashboard: {users: {anna: {}}}\nstore: postgres", "The key 'password_hash' is missing."),
        (
            "store: postgres",
            "dashboard: {users: {anna: {password_hash: correct horse}}}\nstore: postgres",
            "The value [secret] cannot stand here. What `engine password` printed",
        ),
        (
            "store: postgres",
            "dashboard: {users: {anna: {role: boss}}}\nstore: postgres",
            "This takes reader, operator; not 'boss'.",
        ),
        ("zone: America", "mappings: nowhere\n    zone: America", "There is no folder nowhere."),
        ("grace: 1 minute", "grace: a while", "'a while' cannot stand here. For example: 30 seconds, 5 minutes."),
        ("      share: 0.75\n", "      company: other\n", "'company' stands here twice"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_write(tmp_path: Path, good: str, bad: str, found: str) -> None:
    assert good in GOOD
    assert found in errors(tmp_path, GOOD.replace(good, bad))


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("port: 0", "prt: 0").replace("share: 0.75", "plan: x").replace("America/New_York", "New York")
    assert [line.split()[0] for line in errors(tmp_path, text, environment={"DB": "x"}).splitlines()] == [
        "E110", "E113", "E131", "E113"]  # fmt: skip


@pytest.mark.parametrize("mutate", MUTATORS, ids=lambda one: one.__name__)
def test_whatever_is_done_to_the_file_it_is_read_or_told_at_its_place(mutate: Mutator, tmp_path: Path) -> None:
    refused = 0
    for seed in range(40):
        text = mutate(GOOD, random.Random(f"{mutate.__name__} {seed}"))
        try:
            load(tmp_path, text)
        except InvalidSettingsFile as problem:
            refused += 1
            assert all(one.line and one.hint for one in problem.diagnostics), [
                one.text() for one in problem.diagnostics
            ]
            assert not [one for one in problem.diagnostics for secret in ENVIRONMENT.values() if secret in one.text()]
    assert refused > 10


def test_a_relative_store_lies_beside_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD.replace("postgresql+psycopg://me:${DB}@host/db", "sqlite:///engine.db"))
    assert settings.store == f"sqlite:///{tmp_path}/engine.db"


def test_an_absent_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="engine init"):
        Settings.load(tmp_path / "engine.yaml", REGISTRY)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30 seconds", 30), ("1 minute", 60), ("5 minutes", 300), ("2 days", 172_800)]
)
def test_durations_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["5", "0 minutes", "5 min", "-1 hours", "1.5 hours", ""])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(InvalidSettings):
        duration(text)


def test_the_schema_for_editors_has_the_connectors_blocks() -> None:
    connection = settings_schema(REGISTRY)["$defs"]["connection"]["properties"]
    assert connection["store"]["properties"]["plan"]["enum"] == ["lite", "growth"]


def test_every_setting_is_described() -> None:
    def described(schema: Any) -> bool:
        own = all("description" in one or "$ref" in one for one in schema.get("properties", {}).values())
        return own and all(described(one) for one in schema.get("properties", {}).values())

    schema = settings_schema(REGISTRY)
    assert described({"properties": {k: v for k, v in schema["properties"].items() if k != "connections"}})
