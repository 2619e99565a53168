//! The dialects over the real server: what the documentation shows, and what must be refused.

use serde_json::{Value, json};

use crate::{
    http::Serving,
    models::{assert_same, error, page},
    peer::Client,
};

/// A model that was fitted on a table with the columns age, height, width and depth.
const NAMED: &str = "../../testdata/pipeline/Pipeline-frame";

fn named() -> Serving {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(NAMED);
    let newest = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let newest = newest.filter(|path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("1.9")));
    Serving::start_with(newest.last().unwrap().to_str().unwrap(), &[])
}

fn post(client: &mut Client, path: &str, body: &str) -> (u16, String) {
    let answer = client.request_with("POST", path, &[("content-type", "application/json")], body);
    (answer.status(), answer.text())
}

/// The fenced blocks of a text: what stands behind the fence, and the lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((kind.to_owned(), body.join("\n")));
        }
    }
    blocks
}

#[test]
fn the_documentations_examples_are_answered_as_it_says() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http.md")).unwrap();
    let server = Serving::start(&[]);
    let mut client = server.client();
    let blocks = blocks(&text);
    let pairs: Vec<_> = blocks.chunks(2).collect();
    assert!(pairs.len() >= 25, "{} examples", pairs.len());
    for pair in pairs {
        let [(_, request), (kind, wanted)] = pair else { panic!("a request without an answer: {pair:?}") };
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut head = head.lines();
        let (method, path) = head.next().unwrap().split_once(' ').unwrap();
        let headers: Vec<(&str, &str)> = head.map(|line| line.split_once(": ").unwrap()).collect();
        let answer = client.request_with(method, path, &headers, body);
        let (kind, status) = kind.split_once(' ').unwrap_or((kind, "200"));
        assert_eq!(answer.status().to_string(), status, "{request}\n{}", answer.text());
        match kind {
            "json" => {
                let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
                assert_same(&parse(&answer.text()), &parse(wanted), request);
                assert_eq!(answer.header("content-type"), Some("application/json"));
            }
            "text" => assert_eq!(answer.text().trim_end(), wanted, "{request}"),
            other => panic!("an answer in {other}"),
        }
    }
}

#[test]
fn columns_are_found_by_name_whatever_their_order() {
    let server = named();
    let mut client = server.client();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(NAMED);
    let golden: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let rows = golden["inputs"]["X"]["rows"].as_array().unwrap();
    let ask = |client: &mut Client, path: &str, body: &Value, key: &str| -> Value {
        let (status, text) = post(client, path, &body.to_string());
        assert_eq!(status, 200, "{body}: {text}");
        serde_json::from_str::<Value>(&text).unwrap()[key].clone()
    };
    let wanted = ask(&mut client, "/predict", &json!({"input": rows}), "prediction");
    assert!(wanted.as_array().is_some_and(|labels| labels.len() == rows.len()));
    let names = ["age", "height", "width", "depth"];
    let column = |name: &str| -> Vec<Value> {
        let at = names.iter().position(|n| *n == name).unwrap();
        rows.iter().map(|row| row[at].clone()).collect()
    };
    let turned = ["depth", "age", "width", "height"];
    let split: Vec<Value> = (0..rows.len()).map(|i| turned.map(|name| column(name)[i].clone()).into()).collect();
    let records: Vec<Value> = (0..rows.len())
        .map(|i| json!({"depth": column("depth")[i], "note": "x", "width": column("width")[i], "age": column("age")[i], "height": column("height")[i]}))
        .collect();
    let tensors: Vec<Value> = turned
        .iter()
        .map(|name| json!({"name": name, "shape": [rows.len(), 1], "datatype": "FP64", "data": column(name)}))
        .collect();
    let columns: Value = turned.iter().map(|name| ((*name).to_owned(), json!(column(name)))).collect();
    for (path, body, key) in [
        ("/predict", json!(records), "predict"),
        ("/invocations", json!({"dataframe_split": {"columns": turned, "index": [0], "data": split}}), "predictions"),
        ("/invocations", json!({"dataframe_records": records}), "predictions"),
        ("/invocations", json!({"inputs": columns}), "predictions"),
        ("/invocations", json!({"instances": rows}), "predictions"),
        ("/v1/models/model:predict", json!({"instances": records}), "predictions"),
        ("/v1/models/model:predict", json!({"inputs": columns}), "outputs"),
    ] {
        assert_eq!(ask(&mut client, path, &body, key), wanted, "{body}");
    }
    let outputs = ask(&mut client, "/v2/models/model/infer", &json!({"inputs": tensors}), "outputs");
    assert_eq!(outputs[0]["data"], wanted);
    let (_, text) = post(&mut client, "/predict", r#"[{"age": 1, "Height": 2, "width": 3, "depth": 4}]"#);
    let text = error(&text);
    for part in [
        "needs the column 'height'",
        "did you mean it by 'Height'? Its columns are",
        "'age', 'height', 'width', 'depth'",
        "Example: [{\"age\": ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_is_no_standard_json_is_refused_outside_the_first_dialect() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let rows = |row: &str| {
        vec![
            ("/invocations", format!("{{\"instances\": [{row}]}}")),
            ("/invocations", format!("[{row}]")),
            ("/predict", format!("{{\"dataframe_records\": [{row}]}}")),
            ("/predict", format!("[{row}]")),
            ("/v1/models/model:predict", format!("{{\"instances\": [{row}]}}")),
            (
                "/v2/models/model/infer",
                format!(
                    "{{\"inputs\": [{{\"name\": \"x\", \"shape\": [1, 4], \"datatype\": \"FP64\", \"data\": {row}}}]}}"
                ),
            ),
        ]
    };
    let twice = "{\"a\": 1, \"b\": 2, \"c\": 3, \"c\": 4, \"d\": 5}";
    for (row, words) in [
        ("[NaN, 1, 2, 3]", "JSON has no NaN and no Infinity"),
        ("[-Infinity, 1, 2, 3]", "JSON has no NaN and no Infinity"),
        (twice, "the key \"c\" occurs twice"),
        ("[\"\\ud800\", 1, 2, 3]", "half of a surrogate pair"),
        (deep.as_str(), "more than 128 lists and objects"),
        ("[1, 2, 3", "no JSON"),
        ("[01, 2, 3, 4]", "no JSON"),
    ] {
        for (path, body) in rows(row) {
            let (status, text) = post(&mut client, path, &body);
            assert_eq!(status, 400, "{path} {body}: {text}");
            // A bare list that cannot be read may be the first dialect's as well as another's.
            let unreadable = words == "no JSON" && text.contains("Failed to parse request body as JSON");
            assert!(text.replace("\\\"", "\"").contains(words) || unreadable, "{path} {body}: {text}");
        }
    }
    // The first dialect takes what Python takes; then it is for the model to refuse.
    let (status, text) = post(&mut client, "/predict", "{\"input\": [[NaN, 2, 3, 4]]}");
    assert!(status == 500 && text.contains("Input X contains NaN"), "{text}");
    let (status, _) = post(&mut client, "/predict", "{\"input\": 0, \"input\": [[5.1, 3.5, 1.4, 0.2]]}");
    assert_eq!(status, 200);
    // A byte order mark is passed over everywhere.
    for (path, body) in rows("[5.1, 3.5, 1.4, 0.2]") {
        let (status, text) = post(&mut client, path, &format!("\u{feff}{body}"));
        assert_eq!(status, 200, "{path} {body}: {text}");
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let server = Serving::start(&["--max-rows", "3"]);
    let mut client = server.client();
    let huge = "1".repeat(400);
    let wide = format!("{{\"instances\": [[{huge}, 1, 2, 3]]}}");
    let many = format!("{{\"instances\": [{}]}}", ["[1, 2, 3, 4]"; 4].join(","));
    let v2 = |parts: &str| format!("{{\"inputs\": [{{\"name\": \"x\", {parts}}}]}}");
    let (infer, invoke) = ("/v2/models/model/infer", "/invocations");
    for (path, body, status, words) in [
        (invoke, "{}", 400, "exactly one of 'dataframe_split', 'dataframe_records', 'instances', 'inputs'"),
        (invoke, "{\"instances\": [[1,2,3,4]], \"inputs\": []}", 400, "several of them are there"),
        (invoke, "{\"instances\": [[1,2,3,4]], \"params\": {\"n\": 1}}", 400, "predict_method"),
        (invoke, "{\"instances\": [[1,2,3,4]], \"extra\": 1}", 400, "the key 'extra' is not known"),
        (invoke, "{\"instances\": []}", 400, "instances has no rows"),
        (invoke, "{\"instances\": 5}", 400, "is a number; a list of rows is expected"),
        (invoke, "{\"instances\": [1, 2, 3, 4]}", 400, "put one more pair of brackets around a single row"),
        (invoke, "{\"instances\": [[1, 2, 3, 4], {\"a\": 1}]}", 400, "row 1 is an object, row 0 is a list"),
        (
            invoke,
            "{\"instances\": [[1, 2, 3, []]]}",
            400,
            "row 0, column 3: a number or text is expected, found a list",
        ),
        (invoke, "{\"instances\": [[1, 2, 3, \"x\"]]}", 400, "The first text is in row 0, column 3."),
        (invoke, "{\"instances\": [[1, null, 3, 4]]}", 400, "The first one is in row 0, column 1"),
        (invoke, wide.as_str(), 400, "row 0, column 0: a number or text is expected, found an integer too large"),
        (invoke, many.as_str(), 413, "has 4 rows; at most 3"),
        (
            invoke,
            "{\"dataframe_split\": {\"columns\": [\"a\"], \"data\": [[1, 2]]}}",
            400,
            "row 0 has 2 values for 1 columns",
        ),
        (
            invoke,
            "{\"dataframe_records\": [{\"a\":1,\"b\":2,\"c\":3,\"d\":4},{\"a\":1,\"b\":2,\"c\":3}]}",
            400,
            "row 1 lacks the column 'd'",
        ),
        ("/invocations?method=fit", "{\"inputs\": [[1,2,3,4]]}", 400, "has no method 'fit'; it has 'predict'"),
        (infer, "{\"inputs\": []}", 400, "a list of tensors"),
        (infer, &v2("\"shape\": [1, 3], \"datatype\": \"FP64\", \"data\": [1, 2, 3]"), 400, "X has 3 features"),
        (infer, &v2("\"shape\": [2, 4], \"datatype\": \"FP64\", \"data\": [1, 2, 3, 4]"), 400, "the data are 4 values"),
        (
            infer,
            &v2("\"shape\": [4], \"datatype\": \"FP64\", \"data\": [1, 2, 3, 4]"),
            400,
            "rows are expected: [rows, features]",
        ),
        (
            infer,
            &v2("\"shape\": [1, 4], \"datatype\": \"INT8\", \"data\": [1, 2, 300, 4]"),
            400,
            "column 2: INT8 is expected, found 300, which is out of its range",
        ),
        (
            infer,
            &v2("\"shape\": [1, 4], \"datatype\": \"UINT64\", \"data\": [1, 2, -3, 4]"),
            400,
            "column 2: UINT64 is expected",
        ),
        (
            infer,
            &v2("\"shape\": [1, 4], \"datatype\": \"FP8\", \"data\": [1, 2, 3, 4]"),
            400,
            "the datatype 'FP8' is not known",
        ),
        (infer, &v2("\"shape\": [-1, 4], \"datatype\": \"FP64\", \"data\": [1]"), 400, "none of them negative"),
        (
            infer,
            &v2("\"shape\": [9223372036854775807, 9223372036854775807], \"datatype\": \"FP64\", \"data\": [1]"),
            400,
            "the data are 1 values",
        ),
        (
            infer,
            &v2("\"shape\": [2, 2], \"datatype\": \"FP64\", \"data\": [[1, 2], [3]]"),
            400,
            "values are expected at depth 1",
        ),
        (infer, "{\"id\": 7, \"inputs\": []}", 400, "\"id\" is a number; text is expected"),
        ("/v2/models/model/versions/2/infer", "{}", 404, "there is no version '2'"),
        (
            infer,
            &v2("\"shape\": [1, 4], \"datatype\": \"INT64\", \"data\": [1, 2, 1.5, 4]"),
            400,
            "expected, found 1.5",
        ),
        ("/v1/models/other:predict", "{}", 404, "there is no model 'other'"),
        ("/v1/models/model/versions/2:predict", "{}", 404, "there is no version '2'"),
        ("/predict", "{\"input\": [[1,2,3,4],[1,2,3,4],[1,2,3,4],[1,2,3,4]]}", 413, "4 rows are more than the 3"),
        ("/v1/models/model:classify", "{}", 404, "there is no 'classify'"),
        ("/v1/models/model:predict", "[]", 400, "the body is a list; an object is expected"),
        (
            "/v1/models/model:predict",
            "{\"instances\": [[1,2,3,4]], \"signature_name\": \"fit\"}",
            400,
            "has no method 'fit'",
        ),
    ] {
        let (got, text) = post(&mut client, path, body);
        assert_eq!(got, status, "{path} {body}: {text}");
        let text: Value = serde_json::from_str(&text).unwrap();
        let text = text["message"].as_str().or(text["error"].as_str()).unwrap();
        assert!(text.contains(words), "{path} {body}: {text}");
    }
    for (headers, body, status, words) in [
        (("content-type", "application/xml"), "<a/>", 415, "application/xml"),
        (("content-type", "text/csv"), "1,2,3,4\n1,2,3\n", 400, "line 2 has 3 values"),
        (("content-type", "text/csv"), "1,2,x,4\n", 400, "The first text is in row 0, column 2."),
        (("content-type", "application/jsonlines"), "[1,2,3,4]\n[1,", 400, "line 2: the body is no JSON"),
        (("content-type", "text/csv; header=present"), "1,2,3,4\n", 400, "has no rows"),
        (("content-type", "text/csv"), "a;b\n", 400, "header=absent reads it as a row; cells are separated by commas"),
    ] {
        let answer = client.request_with("POST", "/invocations", &[headers], body);
        assert_eq!(answer.status(), status, "{body}: {}", answer.text());
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
    }
}

#[test]
fn every_datatype_of_v2_is_taken() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    for datatype in ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64"] {
        let tensor = json!({"name": "x", "shape": [1, 4], "datatype": datatype, "data": [5, 3, 1, 0]});
        let (status, text) = post(&mut client, "/v2/models/model/infer", &json!({"inputs": [tensor]}).to_string());
        assert_eq!(status, 200, "{datatype}: {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["outputs"][0]["data"], json!([0]), "{datatype}");
    }
    let bools = json!({"name": "x", "shape": [1, 4], "datatype": "BOOL", "data": [[true, false, true, false]]});
    assert_eq!(post(&mut client, "/v2/models/model/infer", &json!({"inputs": [bools]}).to_string()).0, 200);
    let half = json!({"name": "x", "shape": [1, 4], "datatype": "FP16", "data": [5.1, 3.5, 1.4, 0.2]});
    let full = json!({"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [5.1015625, 3.5, 1.400390625, 0.199951171875]});
    let ask = |client: &mut Client, tensor: &Value| {
        let body = json!({"inputs": [tensor], "outputs": [{"name": "predict_proba"}]});
        post(client, "/v2/models/model/infer", &body.to_string())
    };
    assert_eq!(ask(&mut client, &half), ask(&mut client, &full));
    let named = named();
    let about = named.client().request("GET", "/v2/models/model", "").text();
    let about: Value = serde_json::from_str(&about).unwrap();
    let columns = ["age", "height", "width", "depth"].map(|n| json!({"name": n, "datatype": "FP64", "shape": [-1]}));
    assert_eq!(about["inputs"], json!(columns));
    let binary = [("inference-header-content-length", "10")];
    let answer = client.request_with("POST", "/v2/models/model/infer", &binary, "{}");
    assert_eq!(answer.status(), 415, "{}", answer.text());
}

#[test]
fn a_model_with_names_is_asked_by_name_in_the_printed_line() {
    let server = named();
    let line = server.announced.lines().find(|line| line.starts_with("curl")).unwrap();
    let body = line.split("-d '").nth(1).unwrap().trim_end_matches('\'');
    assert!(body.starts_with("[{\"age\": "), "{line}");
    let (status, text) = post(&mut server.client(), "/predict", body);
    assert!(status == 200 && text.starts_with("{\"predict\": ["), "{text}");
}

#[test]
fn a_model_of_text_takes_documents_however_they_are_sent() {
    let server = Serving::start_with(page("text.joblib").to_str().unwrap(), &[]);
    let mut client = server.client();
    let wanted = json!(["sport", "politics"]);
    for (path, body, key) in [
        ("/predict", json!({"input": ["football", "taxes"]}), "prediction"),
        ("/predict", json!(["football", "taxes"]), "predict"),
        ("/predict", json!([["football"], ["taxes"]]), "predict"),
        ("/predict", json!([{"text": "football"}, {"text": "taxes"}]), "predict"),
        ("/invocations", json!({"inputs": {"text": ["football", "taxes"]}}), "predictions"),
        ("/invocations", json!({"instances": [{"features": ["football"]}, {"features": ["taxes"]}]}), "predictions"),
        ("/invocations", json!({"dataframe_records": [{"text": "football"}, {"text": "taxes"}]}), "predictions"),
        (
            "/invocations",
            json!({"dataframe_split": {"columns": ["text"], "data": [["football"], ["taxes"]]}}),
            "predictions",
        ),
    ] {
        let (status, text) = post(&mut client, path, &body.to_string());
        assert_eq!(status, 200, "{body}: {text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()[key], wanted, "{body}");
    }
    let tensor =
        |shape: Value| json!({"name": "text", "shape": shape, "datatype": "BYTES", "data": ["football", "taxes"]});
    for body in [
        json!({"inputs": [tensor(json!([2]))]}),
        json!({"inputs": [tensor(json!([2, 1]))]}),
        json!({"inputs": [tensor(json!([2]))], "parameters": {"content_type": "pd"}}),
    ] {
        let (status, text) = post(&mut client, "/v2/models/model/infer", &body.to_string());
        assert_eq!(status, 200, "{body}: {text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["outputs"][0]["data"], wanted, "{body}");
    }
    let csv = |media_type: &str, body: &str| {
        let answer = server.client().request_with("POST", "/predict", &[("content-type", media_type)], body);
        (answer.status(), answer.text())
    };
    assert_eq!(csv("text/csv; header=absent", "football\n\"taxes, taxes\"\n").1, "[\"sport\", \"politics\"]");
    let named = csv("text/csv; header=present", "text\nfootball\n5\n");
    assert!(named.0 == 200 && named.1.starts_with("{\"predictions\": [\"sport\", "), "{}", named.1);
    // A name or a document: the lines do not tell, and a guess would answer a row too few or too many.
    let (status, text) = csv("text/csv", "text\nfootball\n");
    assert!(status == 400 && text.contains("header=present or text/csv; header=absent"), "{text}");
}

#[test]
fn columns_that_look_like_numbers_are_what_the_model_knows_them_as() {
    let server = Serving::start_with(page("numbered.joblib").to_str().unwrap(), &[]);
    let ask = |body: &str| {
        let answer = server.client().request_with("POST", "/invocations", &[("content-type", "text/csv")], body);
        assert_eq!(answer.status(), 200, "{body}: {}", answer.text());
        serde_json::from_str::<Value>(&answer.text()).unwrap()
    };
    // By scikit-learn: 20 and 120 for 2 and the codes 01234 and 10115, which are text.
    let near = |answer: &Value, wanted: &[f64]| {
        let answers: Vec<f64> = answer.as_array().unwrap().iter().map(|y| y.as_f64().unwrap()).collect();
        assert_eq!(answers.len(), wanted.len(), "{answers:?}");
        assert!(answers.iter().zip(wanted).all(|(y, wanted)| (y - wanted).abs() < 1e-9), "{answers:?}");
    };
    near(&ask("2019,2020\n01234,2\n10115,2\n")["predictions"], &[20.0, 120.0]);
    near(&ask("2020,2019\n2,01234\n2,10115\n")["predictions"], &[20.0, 120.0]);
    near(&ask("01234,2\n10115,2\n"), &[20.0, 120.0]);
    // pandas writes its index as a column without a name.
    near(&ask(",2020,2019\n0,2,01234\n1,2,10115\n")["predictions"], &[20.0, 120.0]);
    let about: Value = serde_json::from_str(&server.client().request("GET", "/v2/models/model", "").text()).unwrap();
    let tensor = |name: &str, datatype: &str| json!({"name": name, "datatype": datatype, "shape": [-1]});
    assert_eq!(about["inputs"], json!([tensor("2019", "BYTES"), tensor("2020", "FP64")]));
}

#[test]
fn the_printed_line_and_the_description_are_those_of_the_model() {
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/");
    let of = |path: &str| Serving::start_with(&format!("{testdata}{path}"), &[]);
    for (path, target, start) in [
        ("page/transformer.joblib", "/predict", "{\"transform\": [["),
        ("page/table.joblib", "/predict", "{\"predict\": ["),
        ("cluster/DBSCAN/1.9.1.joblib", "/predict?method=", "{"),
    ] {
        let server = of(path);
        let line = server.announced.lines().find(|line| line.starts_with("curl")).unwrap();
        let url = line.split(' ').nth(2).unwrap();
        let asked = &url[url.find("/predict").unwrap()..];
        assert!(asked.starts_with(target), "{line}");
        let body = line.split("-d '").nth(1).unwrap().trim_end_matches('\'');
        let (status, text) = post(&mut server.client(), asked, body);
        assert!(status == 200 && text.starts_with(start), "{line}: {text}");
    }
    let described = |path: &str| {
        let server = of(path);
        let text = server.client().request("GET", "/v2/models/model", "").text();
        serde_json::from_str::<Value>(&text).unwrap()["outputs"].clone()
    };
    let tensor = |name: &str, datatype: &str, shape: Value| json!({"name": name, "datatype": datatype, "shape": shape});
    let outputs = described("page/outputs.joblib");
    assert_eq!(outputs[0], tensor("predict", "INT64", json!([-1, 2])));
    assert_eq!(outputs[1], tensor("predict_proba_0", "FP64", json!([-1, 3])));
    assert_eq!(outputs[2], tensor("predict_proba_1", "FP64", json!([-1, 2])));
    assert_eq!(described("page/regression.joblib")[0], tensor("predict", "FP64", json!([-1, 2])));
    let outputs = described("page/transformer.joblib");
    assert!(outputs.as_array().unwrap().contains(&tensor("transform", "FP64", json!([-1, 2]))), "{outputs}");
}
