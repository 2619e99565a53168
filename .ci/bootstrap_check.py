#!/usr/bin/env python3
"""The program for Lambda as Lambda gets it: bootstrap_check.py SKLAMBDA BOOTSTRAP [SEED_FOLDER]

BOOTSTRAP may need no library or glibc symbol that provided.al2023 lacks, and no more bytes than promised. `sklambda package`
packs it with each model (the seed's three where they are beside the project, else the examples); the bootstrap out of the
zip then answers through a Runtime API served here what `sklambda invoke` answers, and the seed's golden cases.
QEMU=qemu-aarch64-static runs a program for another processor (with QEMU_LD_PREFIX for its libraries).
"""
import hashlib
import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading
import zipfile

SKLAMBDA, BOOTSTRAP = (os.path.abspath(p) for p in sys.argv[1:3])
SEED = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
QEMU = [os.environ["QEMU"]] if os.environ.get("QEMU") else []
# The size may not grow without a reason: 6 MB are 6 * 2^20 bytes.
LARGEST, LARGEST_ZIP, GLIBC = 6_200_000, 5_000_000, (2, 34)
LIBRARIES = re.compile(r"ld-linux-(x86-64\.so\.2|aarch64\.so\.1)|lib(c\.so\.6|dl\.so\.2|gcc_s\.so\.1|m\.so\.6|pthread\.so\.0|rt\.so\.1)")
ROWS = {"mlp": [[0, 0, 0, 0]], "svm": [[0, 0, 0, 0]]}


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_program():
    size = os.path.getsize(BOOTSTRAP)
    symbols = tool("readelf", "--version-info", "--wide", BOOTSTRAP)
    versions = sorted({tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_(2[.\d]+)", symbols)})
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-d", BOOTSTRAP))
    newest = versions[-1] if versions else ()
    print("%d bytes, glibc %s, libraries: %s" % (size, ".".join(map(str, newest)) or "none", ", ".join(libraries) or "none"))
    if newest > GLIBC:
        sys.exit("it needs glibc %s" % (newest,))
    for library in libraries:
        if not LIBRARIES.fullmatch(library):
            sys.exit("it needs %s" % library)
    if size > LARGEST:
        sys.exit("it is larger than %d bytes" % LARGEST)


class Function:
    """A bootstrap that runs under a Runtime API."""

    def __init__(self, program, folder, environment):
        events, answers = queue.Queue(), queue.Queue()
        self.events, self.answers = events, answers

        class Api(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                event = events.get()
                if event is None:
                    return self.close_connection
                self.reply(200, event, [
                    ("Lambda-Runtime-Aws-Request-Id", "1"), ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:test"),
                ])

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                answers.put((self.path, body))
                self.reply(202, b"{}", [])

            def reply(self, status, body, headers):
                self.send_response(status)
                for name, value in headers + [("Content-Length", str(len(body)))]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        # A function that is ended leaves its connection as it is.
        self.server.handle_error = lambda *_: None
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        environment = {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.server.server_port, "AWS_LAMBDA_FUNCTION_NAME": "test",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "g", "AWS_LAMBDA_LOG_STREAM_NAME": "s", "LOG_REQUESTS": "0",
            **{k: v for k, v in os.environ.items() if k == "QEMU_LD_PREFIX"}, **environment,
        }
        self.process = subprocess.Popen(QEMU + [program], cwd=folder, env=environment, stderr=subprocess.DEVNULL)

    def ask(self, event):
        self.events.put(json.dumps(event).encode())
        path, body = self.answers.get(timeout=120)
        if not path.endswith("/response"):
            sys.exit("the function posted to %s: %s" % (path, body))
        return body.decode()

    def memory(self):
        """The most that the process had, in bytes."""
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) << 10

    def end(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.events.put(None)


def invoke(model, event):
    run = subprocess.run([SKLAMBDA, "invoke", "--model", model], input=json.dumps(event), capture_output=True, text=True, check=True)
    return run.stdout.strip()


def check_package(model, folder):
    zips = []
    for name in ("one.zip", "two.zip"):
        output = os.path.join(folder, name)
        report = tool(SKLAMBDA, "package", "--model", str(model), "--bootstrap", BOOTSTRAP, "--output", output)
        zips.append(pathlib.Path(output).read_bytes())
    if zips[0] != zips[1]:
        sys.exit("%s: two packages differ" % model)
    if hashlib.sha256(zips[0]).hexdigest() not in report:
        sys.exit("%s: the report has another checksum" % model)
    task = tempfile.mkdtemp(dir=folder)
    with zipfile.ZipFile(os.path.join(folder, "one.zip")) as archive:
        if archive.getinfo("bootstrap").external_attr >> 16 & 0o777 != 0o755:
            sys.exit("bootstrap cannot be executed")
        program_size = archive.getinfo("bootstrap").compress_size
        archive.extractall(task)
    if program_size > LARGEST_ZIP:
        sys.exit("the package without the model has %d bytes" % program_size)
    os.chmod(os.path.join(task, "bootstrap"), 0o755)
    function = Function(os.path.join(task, "bootstrap"), task, {"SKLEARN_MODEL_PATH": "model.joblib"})
    rows = ROWS.get(model.stem, [[5.1, 3.5, 1.4, 0.2]])
    for request in ({"input": rows}, {"input": rows, "return_probabilities": True}, {"inputs": 1}, {"input": [[1]]}):
        event = {"body": json.dumps(request)}
        answer, wanted = function.ask(event), invoke(str(model), event)
        if json.loads(answer) != json.loads(wanted):
            sys.exit("%s: %s\n%s\nsklambda invoke: %s" % (model, request, answer, wanted))
    first = json.loads(function.ask({"body": json.dumps({"input": rows})}))["body"]
    print("%s: package of %d bytes (%d without the model), memory %.1f MB, %s" % (
        model.name, len(zips[0]), program_size, function.memory() / 1e6, first))
    function.end()


def check_golden():
    sys.path.insert(0, str(SEED))
    from compare_handler import check
    suite, functions, passed, failed = SEED / "handler_golden", {}, 0, 0
    for line in open(suite / "cases.jsonl"):
        case = json.loads(line)
        key = (case["model"], json.dumps(case["env"], sort_keys=True))
        if key not in functions:
            for function in functions.values():
                function.end()
            path = {"SKLEARN_MODEL_PATH": case["model"]} if case["model"] else {}
            functions = {key: Function(BOOTSTRAP, suite, {**case["env"], **path})}
        why = check(case, functions[key].ask(case["event"]))
        passed, failed = passed + (why is None), failed + (why is not None)
        if why:
            print("  %s: %s" % (case["id"], why))
    for function in functions.values():
        function.end()
    print("golden cases through the Runtime API: %d passed, %d failed" % (passed, failed))
    if failed:
        sys.exit(1)


check_program()
seed = sorted((SEED / "testdata").iterdir()) if SEED else []
examples = sorted(p for p in pathlib.Path("testdata/examples").iterdir() if p.suffix != ".json")
with tempfile.TemporaryDirectory() as folder:
    for model in [*seed, *examples]:
        check_package(model, folder)
if SEED:
    check_golden()
