"""Asking a deployed API whether it works, here of the local gateway."""

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
def test_tonight_is_asked_of_a_site_whose_place_is_known(
    api: ApiClient, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write("aaa", {"latitude": 1})
    store.write("mrc", site_configurations()["mrc"])
    assert smoke.main([api.base_url]) == 0
    printed = capsys.readouterr().out
    assert "GET /events?site=mrc answers as it should" in printed
    assert "GET /aaa/config answers as it should" in printed


@pytest.mark.usefixtures("database")
def test_it_asks_a_get_route_of_every_service(
    api: ApiClient, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke.main([api.base_url])
    asked = capsys.readouterr().out
    services = {function.handler.partition("/")[0] for function in deployment.functions.values()}
    named = {
        "api": "GET / ",
        "auth": "POST /dummy-requires-auth ",
        "db": "GET /filtered_images",
        "downloads": "POST /download ",
        "events": "GET /events/moon",
        "info_images": "GET /infoimage/",
        "night_log": "GET /nightlog/",
        "pages": "GET /docs ",
        "pipe_queue": "GET /pipe/queues ",
        "site_configs": "GET /smoke-test/config ",
    }
    # these are not for trying: control rooms cost money, and zips storage
    assert services - set(named) == {"remotehq", "zip_function"}
    for probe in named.values():
        assert probe in asked


def test_a_route_that_fails_is_told(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    monkeypatch.setattr(smoke, "PROBES", smoke.PROBES[3:4])
    with ProbeClient(api.base_url, attempts=2, pause_s=0) as client:
        wrong = smoke.failures(client)
    assert "GET /latest_image_all_sites answers 503, not 200: " in wrong[0]
    assert "GET /latest_image_all_sites answers as" not in capsys.readouterr().out


def test_a_broken_authorizer_is_not_taken_for_a_wrong_token(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_authorizer = [each for each in smoke.PROBES if each.path == "/dummy-requires-auth"]
    monkeypatch.setattr(smoke, "PROBES", asks_authorizer)
    monkeypatch.setattr(smoke, "_site_probes", lambda _configs: ())
    with ProbeClient(api.base_url, attempts=1) as client:
        assert smoke.failures(client) == []
        monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", "no certificate")
        (wrong,) = smoke.failures(client)
    assert wrong.startswith(
        'POST /dummy-requires-auth answers 500, not 401: {"message": null}. The authorizer '
    )
    assert wrong.endswith("see its log, and the settings AUTH0_CLIENT_ID and AUTH0_CLIENT_PUBLIC_KEY.")


def test_a_server_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "PROBES", smoke.PROBES[:1])
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    assert smoke.main(["http://127.0.0.1:9/api"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("GET /all/config gets no answer: ")
    assert captured.out.endswith("It does not work as it should.\n")


def test_an_answer_that_is_not_what_was_asked_for_is_told(api: ApiClient) -> None:
    with (
        ProbeClient(api.base_url) as client,
        pytest.raises(ProbeFailed, match=r"^GET / answers 200, but this: New photon"),
    ):
        client.run(Probe("/", lambda answer: answer.json()["no"]))


def test_the_stage_s_path_alone_is_no_api(api: ApiClient) -> None:
    with ProbeClient(api.base_url + "x") as client, pytest.raises(ProbeFailed, match="answers 403, not 200"):
        client.run(smoke.PROBES[0])
