#!/usr/bin/env python3
"""Models from an S3 server that is not ours: moto_check.py path/to/sklambda (needs the package moto[server], boto3).

moto is served on a free port; every example model is uploaded with boto3, with each kind of checksum, in one piece
and in parts, and answers through `sklambda invoke` exactly as from the file. botocore signs each request again: the
signatures must be equal, since moto itself compares none.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import threading
import wsgiref.simple_server

import boto3
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

ID, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "tok/en+=", "eu-central-1"
EVENT = json.dumps({"body": json.dumps({"input": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": True})})
examples = pathlib.Path("testdata/examples")
seen = []


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def parse_request(self):
        parsed = super().parse_request()
        seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        return parsed


server = wsgiref.simple_server.make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), handler_class=Quiet
)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = "http://127.0.0.1:%d" % server.server_port


def invoke(model, **variables):
    settings = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
        "SKLEARN_MODEL_PATH": model, "AWS_EC2_METADATA_DISABLED": "true", **variables,
    }
    keep = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    run = subprocess.run([sys.argv[1], "invoke"], input=EVENT, env={**keep, **settings}, capture_output=True, text=True)
    if run.returncode:
        sys.exit("%s: exit status %d: %s" % (model, run.returncode, run.stderr))
    return run.stdout


def check_signature(token=None):
    """What botocore would have sent for the last request."""
    path, headers = seen[-1]
    named = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    ours = {k: headers[k] for k in named if k not in ("x-amz-date", "x-amz-security-token")}
    signer = botocore.auth.S3SigV4Auth(Credentials(ID, SECRET, token), "s3", REGION)
    signer.payload = lambda _: headers["x-amz-content-sha256"]
    now = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: now
    request = AWSRequest("GET", endpoint + path, headers=ours)
    signer.add_auth(request)
    if request.headers["Authorization"] != headers["authorization"]:
        sys.exit("%s:\n  ours     %s\n  botocore %s" % (path, headers["authorization"], request.headers["Authorization"]))


def same(model, wanted, **variables):
    got = invoke(model, **variables)
    if got != wanted:
        sys.exit("%s: %s\nfrom the file: %s" % (model, got, wanted))
    check_signature(variables.get("AWS_SESSION_TOKEN"))


client = boto3.client(
    "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=ID, aws_secret_access_key=SECRET
)
client.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": REGION})
count = 0
for path in sorted(p for p in examples.iterdir() if p.suffix in (".joblib", ".pkl")):
    data, wanted = path.read_bytes(), invoke(str(path))
    if json.loads(wanted)["statusCode"] != 200:
        sys.exit("%s: %s" % (path, wanted))
    for key in (path.name, "a b/c+d=é~!*'()/" + path.name, "x//y/" + path.name):
        for checksum in ("CRC32", "SHA1", "SHA256"):
            client.put_object(Bucket="models", Key=key, Body=data, ChecksumAlgorithm=checksum)
            same("s3://models/" + key, wanted)
            same("s3://models/" + key, wanted, AWS_SESSION_TOKEN=TOKEN)
            count += 2

client.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
good = (examples / "iris_logistic.joblib").read_bytes()
version = client.put_object(Bucket="models", Key="v.joblib", Body=good)["VersionId"]
client.put_object(Bucket="models", Key="v.joblib", Body=b"no model")
same("s3://models/v.joblib?versionId=" + version, invoke(str(examples / "iris_logistic.joblib")))
for model, part in (
    ("s3://models/v.joblib", "Failed to load model: "),
    ("s3://models/missing.joblib", "(NoSuchKey) when calling the GetObject operation"),
    ("s3://nowhere/model.joblib", "(NoSuchBucket) when calling the GetObject operation"),
):
    answer = json.loads(invoke(model))
    if answer["statusCode"] != 500 or part not in json.loads(answer["body"])["error"]:
        sys.exit("%s: %s" % (model, answer))
print("%d models read from moto, each signature equal to botocore's" % (count + 1))
