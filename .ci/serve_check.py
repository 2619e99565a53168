#!/usr/bin/env python3
"""The server on a model of the repository answers what the README says: serve_check.py path/to/sklambda (standard library only)."""
import json
import re
import subprocess
import sys
import urllib.request

readme = open("README.md", encoding="utf-8").read()
body, answer = re.search(r"-d '(\{.*?\})'\n```\n+```json\n(.*?)\n```", readme, re.S).groups()
server = subprocess.Popen(
    [sys.argv[1], "serve", "--model", "testdata/examples/iris_logistic.joblib", "--port", "0"],
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
)
try:
    line = ""
    while "http://" not in line:
        line = server.stdout.readline()
        if not line:
            sys.exit("the server stopped before it named its address")
    url = re.search(r"http://[0-9.:]+", line).group(0)
    request = urllib.request.Request(url + "/predict", body.encode(), {"Content-Type": "application/json"})
    text = urllib.request.urlopen(request, timeout=10).read().decode()
    got, wanted = json.loads(text), json.loads(answer)

    def same(a, b):
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
        if isinstance(a, list):
            return len(a) == len(b) and all(map(same, a, b))
        return abs(a - b) <= 1e-9 * abs(b) if isinstance(a, float) else a == b

    if not same(got, wanted):
        sys.exit("answer %s\nREADME %s" % (text, answer))
    print("README's request answered: %s" % text)
finally:
    server.terminate()
    server.wait(10)
