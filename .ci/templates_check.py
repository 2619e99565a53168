#!/usr/bin/env python3
"""The templates under serverless/, read by the tools that deploy them: templates_check.py [SERVERLESS [CDK_OUT]]

SAM goes through AWS's own translator and cfn-lint, what `serverless package` (version 3) and `cdk synth` make of theirs goes
through cfn-lint, Terraform's syntax is read with python-hcl2. Every role may do what is listed here and no more.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import hcl2
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

os.environ.update(AWS_DEFAULT_REGION="us-west-2", SLS_TELEMETRY_DISABLED="1", SLS_NOTIFICATIONS_MODE="off")
here = pathlib.Path("serverless")
LOG, READ = {"logs:CreateLogStream", "logs:PutLogEvents"}, {"s3:GetObject"}
failures = []


def lint(name, path):
    # W: retention and the like are the user's to decide. E3030 knows the runtimes of its own day.
    run = subprocess.run([pathlib.Path(sys.executable).parent / "cfn-lint", "--ignore-checks", "W", "--", str(path)],
                         capture_output=True, text=True)
    print("cfn-lint %s: %s" % (name, run.stdout.strip() or run.stderr.strip() or "no findings"))
    if run.returncode:
        failures.append(name)


def statements(value):
    """Every policy statement, wherever it is, but not who may take on a role."""
    if isinstance(value, dict):
        if "Action" in value and "Resource" in value and "Effect" in value:
            yield value
        for name, inner in value.items():
            if name != "AssumeRolePolicyDocument":
                yield from statements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statements(inner)


def check_rights(name, template):
    granted = set()
    resources = {k: v for k, v in template["Resources"].items() if v["Type"].startswith(("AWS::IAM", "AWS::Serverless"))}
    for statement in statements(resources):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resource = json.dumps(statement["Resource"])
        granted |= set(actions)
        whole = '"*"' in resource or ("s3" in resource and "*" in resource)
        if not set(actions) <= LOG | READ or whole:
            failures.append("%s grants %s on %s" % (name, actions, resource))
    managed = json.dumps([v.get("Properties", {}).get("ManagedPolicyArns") for v in resources.values()])
    if "policy/" in managed:
        failures.append("%s takes managed policies: %s" % (name, managed))
    if not LOG <= granted:
        failures.append("%s grants only %s" % (name, sorted(granted)))
    print("%s: its role may %s" % (name, ", ".join(sorted(granted))))
    return granted


class NoManagedPolicies:
    def load(self):
        return {}


def check_sam():
    path = here / "sam/template.yaml"
    template = yaml_parse(path.read_text())
    # As `sam package` does, which uploads the file.
    template["Resources"]["Predict"]["Properties"]["CodeUri"] = "s3://bucket/function.zip"
    translated = transform(template, {}, NoManagedPolicies())
    types = sorted({r["Type"] for r in translated["Resources"].values()})
    print("sam: translated to %s" % ", ".join(types))
    check_rights("sam", translated)
    lint("sam/template.yaml", path)


def check_terraform():
    with open(here / "terraform/main.tf") as file:
        parsed = hcl2.load(file)
    print("terraform: %d resources, %d variables" % (len(parsed["resource"]), len(parsed["variable"])))


def check_serverless(program):
    with tempfile.TemporaryDirectory() as folder:
        for name, more, rights in (
            ("serverless.yml", [], LOG),
            ("serverless.yml", ["--param", "arch=arm64"], LOG),
            ("serverless-s3.yml", ["--param", "bucket=my-bucket", "--param", "key=a/model.joblib"], LOG | READ),
        ):
            shutil.copy(here / name, folder)
            with zipfile.ZipFile(os.path.join(folder, "function.zip"), "w") as archive:
                archive.writestr("bootstrap", b"")
            run = subprocess.run([program, "package", "--config", name, *more], cwd=folder, capture_output=True, text=True)
            if run.returncode:
                failures.append("%s: %s" % (name, run.stdout + run.stderr))
                continue
            made = pathlib.Path(folder, ".serverless/cloudformation-template-update-stack.json")
            if check_rights(name, json.loads(made.read_text())) != rights:
                failures.append("%s grants other rights" % name)
            lint("%s %s" % (name, " ".join(more)), made)


check_sam()
check_terraform()
if len(sys.argv) > 1 and sys.argv[1]:
    check_serverless(os.path.abspath(sys.argv[1]))
for made in sorted(pathlib.Path(sys.argv[2]).glob("*.template.json")) if len(sys.argv) > 2 else []:
    check_rights("cdk", json.loads(made.read_text()))
    lint("cdk", made)
if failures:
    sys.exit("\n".join(failures))
