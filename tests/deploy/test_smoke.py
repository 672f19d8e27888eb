"""The smoke test, run against the local gateway."""

import pytest

from deploy import smoke
from deploy.probes import Probe, ProbeClient, ProbeFailed
from local.demo.configs import site_configurations
from local.deployment import Deployment
from site_configs import store
from support.client import ApiClient


@pytest.mark.usefixtures("database")
def test_an_empty_stage_passes(api: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main([f"{api.base_url}/"]) == 0
    assert capsys.readouterr().out.endswith("It works.\n")


@pytest.mark.usefixtures("database")
def test_events_are_probed_at_a_site_whose_place_is_known(
    api: ApiClient, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write("aaa", {"latitude": 1})
    store.write("mrc", site_configurations()["mrc"])
    assert smoke.main([api.base_url]) == 0
    printed = capsys.readouterr().out
    assert "GET /events?site=mrc works" in printed
    assert "GET /aaa/config works" in printed


@pytest.mark.usefixtures("database")
def test_every_service_is_probed(
    api: ApiClient, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke.main([api.base_url])
    printed = capsys.readouterr().out
    services = {function.handler.partition("/")[0] for function in deployment.functions.values()}
    named = {
        "api": "GET / ",
        "auth": "POST /dummy-requires-auth ",
        "db": "GET /filtered_images",
        "downloads": "POST /download ",
        "events": "GET /events/moon",
        "info_images": "GET /infoimage/",
        "night_log": "GET /nightlog/",
        "now": "GET /now ",
        "vo": "GET /vo/sia2",
        "pages": "GET /docs ",
        "pipe_queue": "GET /pipe/queues ",
        "site_configs": "GET /smoke-test/config ",
    }
    # These have no probe: control rooms cost money, zips are stored, and the ingester has no route.
    assert services - set(named) == {"ingest", "remotehq", "zip_function"}
    for probe in named.values():
        assert probe in printed


def test_a_failing_route_is_reported(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    monkeypatch.setattr(smoke, "PROBES", smoke.PROBES[3:4])
    with ProbeClient(api.base_url, attempts=2, pause_s=0) as client:
        wrong = smoke.failures(client)
    assert "GET /latest_image_all_sites returns 503, not 200: " in wrong[0]
    assert "GET /latest_image_all_sites works" not in capsys.readouterr().out


def test_a_broken_authorizer_is_distinguished_from_a_wrong_token(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorizer_probes = [each for each in smoke.PROBES if each.path == "/dummy-requires-auth"]
    monkeypatch.setattr(smoke, "PROBES", authorizer_probes)
    monkeypatch.setattr(smoke, "_site_probes", lambda _configs: ())
    with ProbeClient(api.base_url, attempts=1) as client:
        assert smoke.failures(client) == []
        monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", "no certificate")
        (wrong,) = smoke.failures(client)
    assert wrong.startswith(
        'POST /dummy-requires-auth returns 500, not 401: {"message": null}. The authorizer '
    )
    assert wrong.endswith("see its log, and the settings AUTH0_CLIENT_ID and AUTH0_CLIENT_PUBLIC_KEY.")


def test_an_unreachable_server_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "PROBES", smoke.PROBES[:1])
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    assert smoke.main(["http://127.0.0.1:9/api"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("GET /all/config gets no response: ")
    assert captured.out.endswith("It does not work.\n")


def test_an_unexpected_body_is_reported(api: ApiClient) -> None:
    with (
        ProbeClient(api.base_url) as client,
        pytest.raises(ProbeFailed, match=r"^GET / returns 200 with an unexpected body: New photon"),
    ):
        client.run(Probe("/", lambda response: response.json()["no"]))


def test_a_wrong_base_path_is_reported(api: ApiClient) -> None:
    with ProbeClient(api.base_url + "x") as client, pytest.raises(ProbeFailed, match="returns 403, not 200"):
        client.run(smoke.PROBES[0])
