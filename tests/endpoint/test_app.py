"""The local endpoint over real HTTP: the hosting container's contract, and the AWS runtime's."""

import json
import threading

import numpy as np
import pytest
import requests

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.sagemaker.body import csv_of

CSV = {"Content-Type": "text/csv"}


def post(url: str, body: bytes | str, **headers: str) -> requests.Response:
    """An invocation; ``x_y="z"`` becomes the header ``x-y: z``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(url, data=body, headers={"Content-Type": "text/csv", **named}, timeout=30)


def expected(booster, inputs: np.ndarray) -> list[float]:
    """What the booster itself says."""
    return booster.inplace_predict(inputs, validate_features=False).tolist()


def test_ping_says_that_a_model_is_loaded(server) -> None:
    """The hosting service's health check: 200, nothing more."""
    response = requests.get(f"{server}/ping", timeout=30)
    assert (response.status_code, response.content) == (200, b"")


def test_a_batch_transform_learns_its_parameters(server) -> None:
    """The hosting contract's optional third path."""
    assert requests.get(f"{server}/execution-parameters", timeout=30).json()["MaxPayloadInMB"] == 6


def test_csv_in_json_out(server, booster, inputs) -> None:
    """One prediction a row, the booster's own numbers to the last bit."""
    response = post(f"{server}/invocations", csv_of(inputs), Accept="application/json")
    assert response.headers["content-type"] == "application/json"
    assert [row["score"] for row in response.json()["predictions"]] == expected(booster, inputs)


@pytest.mark.parametrize("accept", ["text/csv", "*/*", "text/html, text/csv"])
def test_csv_out_is_a_score_a_line(server, booster, inputs, accept) -> None:
    """As newer containers write it; also where the caller does not care."""
    response = post(f"{server}/invocations", csv_of(inputs), Accept=accept)
    assert response.headers["content-type"].startswith("text/csv")
    assert [float(line) for line in response.text.split("\n")] == expected(booster, inputs)


def test_json_in(server, booster, inputs) -> None:
    """Three shapes of JSON, null for missing."""
    rows = [[None if np.isnan(cell) else float(cell) for cell in row] for row in inputs]
    for body in (rows, {"instances": rows}, {"instances": [{"features": row} for row in rows]}):
        response = post(f"{server}/invocations", json.dumps(body), Content_Type="application/json")
        assert [float(line) for line in response.text.split("\n")] == expected(booster, inputs)


def test_too_few_columns_count_as_missing(server, booster, inputs) -> None:
    """The container's trap: a 200 for rows that lack columns. That is why the client checks the width itself."""
    short = np.hstack([inputs[:, :4], np.full((len(inputs), 2), np.nan, dtype="float32")])
    response = post(f"{server}/invocations", csv_of(inputs[:, :4]))
    assert response.status_code == 200
    assert [float(line) for line in response.text.split("\n")] == expected(booster, short)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 204, ""),
        (b"1,2,3,4,5,6,7", 400, "Number of columns does not match"),
        (b"1,2,3,4,5,inf", 400, "inf"),
        (b"a,b,c,d,e,f\n1,2,3,4,5,6", 415, "the CSV cannot be read"),
        (b"1,2,3,4,5,6\n1,2,3", 415, "the CSV cannot be read"),
        (b"1,2,3\n1,2,3,4,5,6", 415, "the CSV cannot be read"),
        (b"<html>", 415, "the CSV cannot be read"),
        (b" \n ", 415, ""),
        (b"0," * 3_145_729, 413, "longer than 6291456 bytes"),
    ],
    ids=["empty", "too wide", "infinite", "header", "ragged, short", "ragged, long", "html", "blank", "too long"],
)
def test_bad_bodies(server, body, status, says) -> None:
    """Each as AWS's container answers it; no stack trace, no 500."""
    response = post(f"{server}/invocations", body)
    assert (response.status_code, says in response.text) == (status, True)
    assert "Stack trace" not in response.text


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 415),
        ("application/json", b"[1, 2]", 415),
        ("application/json", b'{"rows": []}', 415),
        ("application/json", b'[[1, "x"]]', 415),
        ("text/libsvm", b"1 1:2", 415),
        ("text/csv; charset=utf-8", b"1,2,3,4,5,6", 200),
    ],
)
def test_content_types(server, content_type, body, status) -> None:
    """CSV and JSON are read; anything else is a 415."""
    assert post(f"{server}/invocations", body, Content_Type=content_type).status_code == status


def test_an_unknown_accept_is_406(server) -> None:
    """Rather than an answer that the caller cannot read."""
    assert post(f"{server}/invocations", b"1,2,3,4,5,6", Accept="image/png").status_code == 406


def test_the_runtime_path_names_the_variant(server) -> None:
    """The production variant carries the manifest's hash."""
    response = post(f"{server}/endpoints/any/invocations", b"1,2,3,4,5,6")
    assert response.headers["x-amzn-invoked-production-variant"].startswith("model-")


def test_the_runtime_path_wraps_the_models_errors(server) -> None:
    """A container's 415 is the runtime's 424, with the original status and message."""
    response = post(f"{server}/endpoints/any/invocations", b"a,b,c")
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (424, "ModelError")
    assert response.json()["OriginalStatusCode"] == 415
    assert "CSV cannot be read" in response.json()["OriginalMessage"]


def test_a_variant_that_is_not_there_is_a_validation_error(server) -> None:
    """Whoever asks for another model gets no scores of this one."""
    wanted = {"X_Amzn_SageMaker_Target_Variant": "model-other"}
    response = post(f"{server}/endpoints/any/invocations", b"1,2,3,4,5,6", **wanted)
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (400, "ValidationError")
    assert "Variant model-other not found" in response.json()["Message"]


def test_a_folder_with_the_booster_alone_is_served(tmp_path, serve, booster, inputs) -> None:
    """As the hosting service unpacks model.tar.gz to /opt/ml/model: one file, no manifest."""
    (tmp_path / "model.ubj").write_bytes(bytes(booster.save_raw("ubj")))
    with serve(tmp_path) as address:
        response = post(f"{address}/invocations", csv_of(inputs))
    assert [float(line) for line in response.text.split("\n")] == expected(booster, inputs)


def test_a_folder_without_a_model_is_refused(tmp_path, serve) -> None:
    """At the start, with a sentence; not at the first request."""
    with pytest.raises(ArtifactError, match="holds nothing"), serve(tmp_path):
        pass


def test_an_altered_booster_is_refused(artifacts, serve) -> None:
    """The manifest's hash is checked before anything is served."""
    content = bytearray((artifacts / "model.ubj").read_bytes())
    content[-20] ^= 1
    (artifacts / "model.ubj").write_bytes(content)
    with pytest.raises(ArtifactError), serve(artifacts):
        pass


def test_a_new_model_is_taken_up_without_a_failed_request(
    server, artifacts, booster, inputs, make_booster, write_model
) -> None:
    """Requests go on while the folder is rewritten, file after file: each answer is one model's, old or new."""
    new = make_booster(seed=7)
    allowed = [expected(booster, inputs), expected(new, inputs)]
    answers: list[requests.Response] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answers.append(post(f"{server}/endpoints/any/invocations", csv_of(inputs)))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    while len(answers) < 5:
        done.wait(0.01)
    write_model(artifacts, new)
    while [float(line) for line in answers[-1].text.split("\n")] != allowed[1]:  # it is tried before it is taken up
        done.wait(0.01)
    done.set()
    for asker in askers:
        asker.join()
    assert {response.status_code for response in answers} == {200}
    texts = {response.headers["x-amzn-invoked-production-variant"]: response.text for response in answers}
    scores = [[float(line) for line in text.split("\n")] for text in texts.values()]
    assert all(found in allowed for found in scores)
    assert [float(line) for line in answers[-1].text.split("\n")] == allowed[1]


def test_a_broken_new_model_leaves_the_old_one_in_force(server, artifacts, booster, inputs) -> None:
    """A copy that broke off costs no request."""
    (artifacts / "model.ubj").write_bytes(b"half a model")
    response = post(f"{server}/invocations", csv_of(inputs))
    assert [float(line) for line in response.text.split("\n")] == expected(booster, inputs)
