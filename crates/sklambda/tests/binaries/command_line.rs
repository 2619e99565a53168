//! Exit status and output of `invoke` and `predict`.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::models::{REQUEST, assert_answered, bundle, error, example, iris, page};

/// Runs the program with a text on its standard input.
fn run(arguments: &[&str], input: &str, model: Option<&Path>) -> Output {
    let path = model.and_then(Path::to_str).map(|path| ("SKLEARN_MODEL_PATH", path));
    run_with(arguments, input, path.as_slice())
}

/// The same with more of the environment.
fn run_with(arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sklambda"));
    command
        .args(arguments)
        .env_remove("SKLEARN_MODEL_PATH")
        .env_remove("STRICT_SEED")
        .envs(environment.iter().copied());
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Status and body of an envelope on standard output.
fn envelope(output: &Output) -> (u64, String) {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
}

#[test]
fn invoke_answers_an_event() {
    let event = json!({ "body": REQUEST }).to_string();
    let by_argument = run(&["invoke", "--model", iris().to_str().unwrap()], &event, None);
    let by_variable = run(&["invoke"], &event, Some(&iris()));
    assert_eq!(by_argument.stdout, by_variable.stdout);
    let (status, body) = envelope(&by_argument);
    assert_eq!(status, 200);
    assert_answered(&body);
}

#[test]
fn invoke_answers_errors_too_and_succeeds() {
    let (status, body) = envelope(&run(&["invoke"], "{\"body\": \"{\"}", Some(&iris())));
    assert_eq!(status, 400);
    assert!(error(&body).starts_with("Failed to parse request body as JSON: "));
    let (status, body) = envelope(&run(&["invoke"], "{}", None));
    assert_eq!((status, error(&body).as_str()), (500, "Failed to load model: 'SKLEARN_MODEL_PATH'"));
    let (status, body) = envelope(&run(&["invoke"], "{}", Some(Path::new("/nowhere/model.pkl"))));
    assert_eq!(status, 500);
    assert!(error(&body).contains("[Errno 2] No such file or directory: '/nowhere/model.pkl'"));
}

#[test]
fn predict_answers_with_full_precision() {
    let model = iris();
    let arguments = ["predict", "--model", model.to_str().unwrap(), "--input", "-", "--method", "predict_proba"];
    let output = run(&arguments, "[[5.1, 3.5, 1.4, 0.2]]", None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(example("expected.json")).unwrap()).unwrap();
    let wanted = expected["models"]["iris_logistic.joblib"]["predict_proba"][0].as_array().unwrap().iter();
    for (got, wanted) in answer["output"][0].as_array().unwrap().iter().zip(wanted) {
        let (got, wanted) = (got.as_f64().unwrap(), wanted.as_f64().unwrap());
        assert!((got - wanted).abs() <= 1e-9 * wanted, "{got} {wanted}");
    }
}

#[test]
fn the_exit_status_tells_whose_fault_it_is() {
    let model = iris();
    let model = model.to_str().unwrap();
    let expected = example("expected.json");
    let rows = "[[5.1, 3.5, 1.4, 0.2]]";
    for (status, arguments, input, message) in [
        (0, vec!["predict", "--model", model, "--input", "-"], rows, ""),
        (2, vec!["predict", "--model", model], rows, "--input"),
        (2, vec!["predict", "--model", model, "--input", "-", "--method", "guess"], rows, "guess"),
        (2, vec!["conjecture"], rows, "conjecture"),
        (3, vec!["predict", "--model", expected.to_str().unwrap(), "--input", "-"], rows, ""),
        (4, vec!["predict", "--model", model, "--input", "-"], "[[1, 2, 3]]", "X has 3 features"),
        (4, vec!["predict", "--model", model, "--input", "-", "--method", "transform"], rows, "transform"),
        (4, vec!["predict", "--model", model, "--input", "-"], "[[1, 2", ""),
    ] {
        let output = run(&arguments, input, None);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {error}");
        assert!(error.contains(message), "{arguments:?} {error}");
        assert_eq!(error.is_empty(), status == 0, "{arguments:?} {error}");
        if matches!(status, 3 | 4) {
            assert_eq!(error.lines().count(), 1, "{arguments:?} {error}");
        }
    }
}

#[test]
fn a_strict_inspection_refuses_what_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pkl");
    let path = path.to_str().unwrap();
    // A model with a second pickle behind it, which nothing reads.
    let mut bytes = std::fs::read(example("iris_pipeline.pkl")).unwrap();
    std::fs::write(path, &bytes).unwrap();
    assert_eq!(run(&["inspect", "--strict", path], "", None).status.code(), Some(0));
    bytes.extend(b"cos\nsystem\n(S'id'\ntR.");
    std::fs::write(path, &bytes).unwrap();
    assert_eq!(run(&["inspect", path], "", None).status.code(), Some(0));
    let refused = run(&["inspect", "--strict", path], "", None);
    assert_eq!((refused.status.code(), text(&refused.stderr)), (Some(3), "21 bytes follow the end of the pickle\n"));
    assert!(refused.stdout.is_empty());
}

#[test]
fn the_only_estimator_of_a_bundle_is_taken_and_the_fact_is_said() {
    let model = bundle("one.joblib");
    let model = model.to_str().unwrap();
    let rows = "[[0.1, 0.2, 0.3, 0.4]]";
    let by_default = run(&["predict", "--model", model, "--input", "-"], rows, None);
    assert_eq!(by_default.status.code(), Some(0));
    let note = "note: the file holds a dict of 2; its only estimator [\"model\"] is asked\n";
    assert_eq!(text(&by_default.stderr), note);
    let named = run(&["predict", "--model", model, "--member", "[\"model\"]", "--input", "-"], rows, None);
    assert_eq!((named.stdout, text(&named.stderr)), (by_default.stdout, ""));
    let event = json!({ "body": r#"{"input": [[0.1, 0.2, 0.3, 0.4]]}"# }).to_string();
    assert_eq!(envelope(&run(&["invoke", "--model", model], &event, None)).0, 200);
}

#[test]
fn of_several_estimators_in_a_bundle_one_must_be_named() {
    let model = bundle("two.joblib");
    let model = model.to_str().unwrap();
    let refused = run(&["predict", "--model", model, "--input", "-"], "[[0, 0, 0, 0]]", None);
    assert_eq!(refused.status.code(), Some(3));
    let message = text(&refused.stderr);
    for part in [
        "2 estimators",
        "'[0][\"scaler\"]' (sklearn.preprocessing._data.StandardScaler)",
        "'[0][\"model\"]'",
        "--member",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let missing =
        run(&["predict", "--model", model, "--member", "[0][\"clf\"]", "--input", "-"], "[[0, 0, 0, 0]]", None);
    assert_eq!(missing.status.code(), Some(3));
    let event = json!({ "body": r#"{"input": [[0, 0, 0, 0]]}"# }).to_string();
    let (status, body) = envelope(&run(&["invoke", "--model", model], &event, None));
    assert_eq!(status, 500);
    assert!(error(&body).contains("SKLEARN_MODEL_MEMBER"), "{body}");
    let (status, _) =
        envelope(&run_with(&["invoke", "--model", model], &event, &[("SKLEARN_MODEL_MEMBER", "[0]['model']")]));
    assert_eq!(status, 200);
}

/// A file of `testdata`.
fn testdata(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path.to_str().unwrap().to_owned()
}

/// A file in a folder, with this content.
fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Standard output of a command that succeeds.
#[track_caller]
fn stdout(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input, None);
    assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// Standard error of a command that ends with this status.
#[track_caller]
fn refused(status: i32, arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input, None);
    let error = text(&output.stderr).to_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {error}");
    error
}

const ROWS: [&str; 2] = ["5.1,3.5,1.4,0.2", "6.7,3.0,5.2,2.3"];

#[test]
fn every_format_of_rows_gives_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let lines = ROWS.map(|row| format!("{row}\n")).concat();
    let npy = {
        let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend_from_slice(header.as_bytes());
        let numbers = ROWS.iter().flat_map(|row| row.split(',')).map(|cell| cell.parse::<f64>().unwrap());
        bytes.extend(numbers.flat_map(f64::to_le_bytes));
        bytes
    };
    let objects = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("{{\"a\": {}, \"b\": {}, \"c\": {}, \"d\": {}}}", cells[0], cells[1], cells[2], cells[3])
    };
    let model = iris();
    let expected = "{\"output\": [0, 2]}\n";
    for (name, content) in [
        ("plain.csv", lines.clone().into_bytes()),
        ("named.csv", format!("a,b,c,d\n{lines}").into_bytes()),
        ("mark.csv", format!("\u{feff}a,b,c,d\r\n{}", lines.replace('\n', "\r\n")).into_bytes()),
        ("quoted.csv", format!("\"a\",\"b\nc\",\"c\",\"\"\"d\"\"\"\n{lines}").into_bytes()),
        ("semicolon.csv", lines.replace(',', ";").into_bytes()),
        ("tab.tsv", lines.replace(',', "\t").into_bytes()),
        ("rows.json", format!("[[{}], [{}]]", ROWS[0], ROWS[1]).into_bytes()),
        ("objects.json", format!("[{}, {}]", objects(ROWS[0]), objects(ROWS[1])).into_bytes()),
        ("rows.jsonl", format!("[{}]\n\n[{}]", ROWS[0], ROWS[1]).into_bytes()),
        ("objects.ndjson", format!("{}\n{}\n", objects(ROWS[0]), objects(ROWS[1])).into_bytes()),
        ("matrix.npy", npy),
        ("unnamed", lines.into_bytes()),
    ] {
        let path = file(&folder, name, content);
        let arguments = ["predict", "--model", model.to_str().unwrap(), "--input", &path];
        assert_eq!(stdout(&arguments, ""), expected, "{name}");
    }
}

#[test]
fn columns_are_found_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = testdata("pipeline/Pipeline-frame/1.9.1.pkl");
    let ordered =
        file(&folder, "ordered.csv", "age,height,width,depth\n-0.079,1.21,-1.259,-0.636\n0.737,-0.783,-0.891,-3.371\n");
    let shuffled = file(
        &folder,
        "shuffled.csv",
        "id,depth,age,height,width\nx,-0.636,-0.079,1.21,-1.259\ny,-3.371,0.737,-0.783,-0.891\n",
    );
    let ask = |input: &str| {
        let output = run(&["predict", "--model", &model, "--input", input, "--method", "predict_proba"], "", None);
        (text(&output.stdout).to_owned(), text(&output.stderr).to_owned(), output.status.code())
    };
    let (first, second) = (ask(&ordered), ask(&shuffled));
    assert_eq!((&first.0, first.2), (&second.0, Some(0)));
    assert_eq!((first.1.as_str(), second.1.as_str()), ("", "note: not the model's columns, and left out: 'id'\n"));
    let missing = file(&folder, "missing.csv", "age,heigth,width,depth\n1,2,3,4\n");
    let error = refused(4, &["predict", "--model", &model, "--input", &missing], "");
    assert!(error.contains("no column 'height'; did you mean 'heigth'?"), "{error}");
    assert!(error.contains("Feature names seen at fit time, yet now missing"), "{error}");
}

#[test]
fn columns_that_look_like_numbers_are_what_the_model_knows_them_as() {
    let model = page("numbered.joblib");
    let ask = |input: &str, more: &[&str]| {
        let arguments = [&["predict", "--model", model.to_str().unwrap(), "--input", "-"], more].concat();
        let output = run(&arguments, input, None);
        let answer: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
        let answers = answer["output"].as_array().unwrap().iter();
        answers.map(|y| y.as_f64().unwrap().round() as i64).collect::<Vec<_>>()
    };
    // By scikit-learn: the codes 01234 and 80331 are text, with 20 and -30 for 2.
    assert_eq!(ask("2020,2019\n2,01234\n2,80331\n", &[]), [20, -30]);
    assert_eq!(ask(",2019,2020\n0,01234,2\n1,80331,2\n", &[]), [20, -30]);
    assert_eq!(ask("01234,2\n80331,2\n", &[]), [20, -30]);
    // What the command line says goes first.
    let as_numbers = ["predict", "--model", model.to_str().unwrap(), "--input", "-", "--type", "2019=int"];
    let error = refused(4, &as_numbers, "2019,2020\n01234,2\n");
    assert!(error.contains("Column 0 holds numbers, but its categories are text"), "{error}");
}

#[test]
fn json_rows_are_found_by_name_or_taken_in_the_order_of_the_fit() {
    let model = testdata("pipeline/Pipeline-frame/1.9.1.pkl");
    let folder = tempfile::tempdir().unwrap();
    let ask = |content: &str| {
        let path = file(&folder, "rows.json", content);
        let output = run(&["predict", "--model", &model, "--input", &path], "", None);
        (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    let right = ("{\"output\": [0]}\n".to_owned(), String::new());
    assert_eq!(ask("[[-0.079, 1.21, -1.259, -0.636]]"), right);
    assert_eq!(
        ask(r#"{"columns": ["depth", "age", "height", "width"], "rows": [[-0.636, -0.079, 1.21, -1.259]]}"#),
        right
    );
    let split = r#"{"columns": ["depth", "age", "id", "height", "width"], "index": [7], "data": [[-0.636, -0.079, 5, 1.21, -1.259]]}"#;
    let note = "note: not the model's columns, and left out: 'id'\n";
    assert_eq!(ask(split), (right.0, note.to_owned()));
    let error = ask(r#"[{"age": 1, "heigth": 2, "width": 3, "depth": 4}]"#).1;
    assert!(error.contains("no column 'height'; did you mean 'heigth'?"), "{error}");
    let error = ask(r#"{"columns": ["age", "height"], "rows": [[1]]}"#).1;
    assert!(error.contains("row 0 has 1 values for 2 columns"), "{error}");
    let error = refused(4, &["predict", "--model", &model, "--input", "-"], " \n");
    assert!(error.contains("the input is empty"), "{error}");
    let error = ask("[5]").1;
    assert!(!error.contains("a int"), "{error}");
}

#[test]
fn the_first_line_of_documents_is_told_to_be_a_name() {
    let model = page("text.joblib");
    let command = ["predict", "--model", model.to_str().unwrap(), "--input", "-"];
    let output = run(&command, "football\ntaxes\n", None);
    assert_eq!(text(&output.stdout), "{\"output\": [\"politics\"]}\n");
    let note = "note: the first line, 'football', is taken for a name; --header no reads it as a row\n";
    assert_eq!(text(&output.stderr), note);
    let output = run(&[&command[..], &["--header", "no"]].concat(), "football\ntaxes\n", None);
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("{\"output\": [\"sport\", \"politics\"]}\n", ""));
}

#[test]
fn a_variable_that_means_nothing_is_an_error() {
    let environment = [("SKLEARN_MODEL_PATH", iris().to_str().unwrap().to_owned()), ("MAX_ROWS", "many".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let output = run_with(&["invoke"], "{}", &environment);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), "MAX_ROWS=many: expected a number of rows\n"));
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = iris();
    let model = model.to_str().unwrap();
    for (name, content, words) in [
        ("rows.csv.gz", b"\x1f\x8b\x08\0".as_slice(), "is compressed: give it as gunzip"),
        ("rows.csv", b"\xff\xfe1\0\n\0", "is UTF-16"),
    ] {
        let error = refused(4, &["predict", "--model", model, "--input", &file(&folder, name, content)], "");
        assert!(error.contains(words), "{error}");
    }
    let output = folder.path().join("answers.xlsx");
    let arguments = ["predict", "--model", model, "--input", "-", "--output", output.to_str().unwrap()];
    let error = refused(2, &arguments, "[[5.1, 3.5, 1.4, 0.2]]");
    assert!(error.contains("is of a kind that is not written") && !output.exists(), "{error}");
}

#[test]
fn a_dict_of_folds_is_chosen_from_by_number() {
    let folder = tempfile::tempdir().unwrap();
    // `{0: model, 1: model}`, with the streams of the models as they are in a file.
    let model = std::fs::read(testdata("pipeline/Pipeline-frame/1.9.1.pkl")).unwrap();
    let stream = model.strip_suffix(b".").unwrap();
    let folds = file(&folder, "folds.pkl", [b"(dI0\n".as_slice(), stream, b"sI1\n", stream, b"s."].concat());
    let told = refused(3, &["predict", "--model", &folds, "--input", "-"], "");
    assert!(told.contains("'[0]' (sklearn.pipeline.Pipeline), '[1]' (sklearn.pipeline.Pipeline)"), "{told}");
    let rows = "[[-0.079, 1.21, -1.259, -0.636]]";
    assert_eq!(stdout(&["predict", "--model", &folds, "--member", "[1]", "--input", "-"], rows), "{\"output\": [0]}\n");
    let event = json!({ "body": r#"{"input": [[-0.079, 1.21, -1.259, -0.636]]}"# }).to_string();
    assert_eq!(envelope(&run(&["invoke", "--model", &folds, "--member", "[1]"], &event, None)).0, 200);
    // A bundle is no model to the Python toolkit.
    let one = bundle("one.joblib");
    let environment = [("SKLEARN_MODEL_PATH", one.to_str().unwrap()), ("STRICT_SEED", "1")];
    let (status, body) = envelope(&run_with(&["invoke"], &json!({ "body": REQUEST }).to_string(), &environment));
    assert_eq!(status, 500);
    assert!(error(&body).contains("'dict' object has no attribute 'predict'"), "{body}");
}

#[test]
fn json_spells_names_in_its_own_way() {
    let folder = tempfile::tempdir().unwrap();
    let model = std::fs::read(testdata("pipeline/Pipeline-frame/1.9.1.pkl")).unwrap();
    let stream = model.strip_suffix(b".").unwrap();
    let named = file(&folder, "named.pkl", [b"(dVm\xfc\n".as_slice(), stream, b"s."].concat());
    let report: Value = serde_json::from_str(&stdout(&["inspect", "--json", &named], "")).unwrap();
    assert_eq!(report["member"], "[\"m\u{fc}\"]");
    assert!(stdout(&["inspect", &named], "").contains(r#"["m\u{fc}"]"#));
    let rows = "[[-0.079, 1.21, -1.259, -0.636]]";
    let member = r#"["m\u{fc}"]"#;
    assert_eq!(
        stdout(&["predict", "--model", &named, "--member", member, "--input", "-"], rows),
        "{\"output\": [0]}\n"
    );
}

#[test]
fn answers_in_columns() {
    let folder = tempfile::tempdir().unwrap();
    let model = iris();
    let rows = file(&folder, "rows.csv", format!("id,a,b,c,d\n007,{}\n\"x, y\",{}\n", ROWS[0], ROWS[1]));
    let base = ["predict", "--model", model.to_str().unwrap(), "--input", &rows, "--keep", "id"];
    let ask = |more: &[&str]| stdout(&[&base, more].concat(), "");
    assert_eq!(ask(&[]), "id,predict\n007,0\n\"x, y\",2\n");
    assert_eq!(
        ask(&["--output-format", "jsonl"]),
        "{\"id\": \"007\", \"predict\": 0}\n{\"id\": \"x, y\", \"predict\": 2}\n"
    );
    let both = ask(&["--method", "predict,predict_proba", "--output-format", "tsv"]);
    assert!(
        both.starts_with("id\tpredict\tpredict_proba_0\tpredict_proba_1\tpredict_proba_2\n007\t0\t0.98155"),
        "{both}"
    );
    let error = refused(2, &[&base[..], &["--output-format", "json"]].concat(), "");
    assert!(error.contains("--keep"), "{error}");
    // A file that is not complete does not stand under its name.
    let output = folder.path().join("answers.csv");
    let bad = file(&folder, "bad.csv", format!("id,a,b,c,d\n1,{}\n2,1,2,x,4\n", ROWS[0]));
    let arguments = ["predict", "--model", model.to_str().unwrap(), "--input", &bad, "--keep", "id", "--output"];
    refused(4, &[&arguments[..], &[output.to_str().unwrap()]].concat(), "");
    assert!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().starts_with("answers") })
    );
    // Numbers as an array that numpy reads.
    let output = folder.path().join("answers.npy");
    let arguments =
        ["predict", "--model", model.to_str().unwrap(), "--input", &rows, "--columns", "a,b,c,d", "--output"];
    stdout(&[&arguments[..], &[output.to_str().unwrap()]].concat(), "");
    let array = std::fs::read(output).unwrap();
    assert!(text(&array[10..127]).contains("'descr': '<i8', 'fortran_order': False, 'shape': (2,)"));
    assert_eq!(array[128..], [0i64.to_le_bytes(), 2i64.to_le_bytes()].concat());
}

#[test]
fn long_inputs_go_through_in_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let count = 20_001;
    let model = iris();
    let mut rows: Vec<String> = (0..count).map(|i| ROWS[i % 2].to_owned()).collect();
    let csv = file(&folder, "long.csv", format!("a,b,c,d\n{}\n", rows.join("\n")));
    let jsonl = file(&folder, "long.jsonl", rows.iter().map(|row| format!("[{row}]\n")).collect::<String>());
    let expected: String = (0..count).map(|i| if i % 2 == 0 { "0" } else { "2" }).collect::<Vec<_>>().join(", ");
    for path in [&csv, &jsonl] {
        let arguments = ["predict", "--model", model.to_str().unwrap(), "--input", path];
        assert_eq!(stdout(&arguments, ""), format!("{{\"output\": [{expected}]}}\n"));
    }
    // A fault far in is named by row, line and column.
    for (cell, message) in [("x", "could not convert string to float: 'x'"), ("", "Input X contains NaN")] {
        rows[17_000] = format!("5.1,3.5,{cell},0.2");
        let csv = file(&folder, "bad.csv", format!("a,b,c,d\n{}\n", rows.join("\n")));
        let error = refused(4, &["predict", "--model", model.to_str().unwrap(), "--input", &csv], "");
        assert!(error.starts_with(message) && error.contains("row 17000 (line 17002), column 'c'"), "{error}");
    }
    rows[17_000] = "1,2,3".into();
    let csv = file(&folder, "short.csv", format!("a,b,c,d\n{}\n", rows.join("\n")));
    let error = refused(4, &["predict", "--model", model.to_str().unwrap(), "--input", &csv], "");
    assert!(error.contains("CSV line 17002 has 3 values, the first line has 4"), "{error}");
    rows[17_000] = "1,2,3,\"4".into();
    let csv = file(&folder, "quote.csv", format!("a,b,c,d\n{}\n", rows.join("\n")));
    let error = refused(4, &["predict", "--model", model.to_str().unwrap(), "--input", &csv], "");
    assert!(error.contains("line 17002"), "{error}");
}

#[test]
fn a_column_of_documents_holds_text() {
    let model = testdata("feature_extraction/CountVectorizer/1.9.1.joblib");
    let command = ["predict", "--model", &model, "--input", "-", "--input-kind", "jsonl"];
    let rows = "{\"t\": \"the quick fox\"}\n{\"t\": null}\n";
    let answer: Value = serde_json::from_str(&stdout(&command, rows)).unwrap();
    assert_eq!(answer["output"]["csr"]["shape"][0], 2, "{answer}");
    let error = refused(4, &command, "{\"t\": 5}\n");
    assert!(error.contains("text is expected: row 0 (line 1), column 't'"), "{error}");
}

#[test]
fn numbers_where_the_model_knows_text_are_told_how_to_be_text() {
    let model = testdata("preprocessing/OneHotEncoder-frame/1.9.1.joblib");
    let error = refused(4, &["predict", "--model", &model, "--input", "-"], "color,size,length,even\n1,2,4,True\n");
    assert!(error.contains("Found unknown categories") && error.contains("--type NAME=text"), "{error}");
    // Text that is unknown is just that.
    let row = "color,size,length,even\nmauve,xl,4,True\n";
    let error = refused(4, &["predict", "--model", &model, "--input", "-", "--type", "length=text"], row);
    assert!(error.contains("Found unknown categories") && !error.contains("--type"), "{error}");
}

#[test]
fn wrong_words_are_met_with_the_right_ones() {
    let model = iris();
    let model = model.to_str().unwrap();
    for (arguments, words) in [
        (vec!["predcit"], "predict"),
        (vec!["predict", "--modle", model], "--model"),
        (
            vec!["predict", "--model", model, "--input", "-", "--method", "predict_prob"],
            "did you mean 'predict_proba'?",
        ),
        (vec!["predict", "--model", model, "--input", "-", "--input-kind", "cvs"], "csv"),
        (vec!["predict", "--model", model, "--input", "-", "--type", "a"], "NAME=TYPE"),
        (vec!["man", "predcit"], "predict"),
    ] {
        let error = refused(2, &arguments, "[[1, 2, 3, 4]]");
        assert!(error.contains(words), "{arguments:?} {error}");
    }
    assert!(refused(2, &["predict", "--model", model, "--input", "/nowhere.csv"], "").contains("/nowhere.csv"));
    let error = refused(4, &["predict", "--model", model, "--input", "-", "--keep", "idx"], "id,a\n1,2\n");
    assert!(error.contains("'idx', which the input does not have; did you mean 'id'?"), "{error}");
}

#[test]
fn compare_says_how_equal_answers_are() {
    let folder = tempfile::tempdir().unwrap();
    let model = iris();
    let rows = file(&folder, "rows.csv", format!("a,b,c,d\n{}\n{}\n", ROWS[0], ROWS[1]));
    let base = ["compare", "--model", model.to_str().unwrap(), "--input", &rows, "--expected"];
    let probabilities = stdout(
        &["predict", "--model", model.to_str().unwrap(), "--input", &rows, "--method", "predict,predict_proba"],
        "",
    );
    let same = file(&folder, "same.csv", &probabilities);
    let report = stdout(&[&base[..], &[&same]].concat(), "");
    assert!(report.contains("predict_proba_2  2 of 2 equal\n"), "{report}");
    let near = file(&folder, "near.csv", probabilities.replace("0.9815572024179112", "0.9815572024179"));
    let report = stdout(&[&base[..], &[&near]].concat(), "");
    assert!(report.contains("2 of 2 equal, 1 of them to the last bit; largest difference 1.1e-14 (row 0)"), "{report}");
    for (name, content) in
        [("far.csv", "predict\n0\n1\n"), ("other.csv", "y\n0\n1\n"), ("far.json", "{\"output\": [0, 1]}")]
    {
        let far = file(&folder, name, content);
        let output = run(&[&base[..], &[&far]].concat(), "", None);
        let report = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{name} {report} {}", text(&output.stderr));
        assert!(report.contains("row 1: predict 2 (expected ") && report.contains("NOT equal"), "{name} {report}");
    }
    let short = file(&folder, "short.csv", "predict\n0\n");
    assert!(refused(4, &[&base[..], &[&short]].concat(), "").contains("end after row 1"));
    assert!(stdout(&["compare", "--print-python"], "").contains("joblib.load"));
}

#[test]
fn shells_and_man_are_told() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&["completions", shell], "").contains("output-format"), "{shell}");
    }
    assert!(stdout(&["man"], "").contains(".TH sklambda 1"));
    assert!(stdout(&["man", "predict"], "").contains("\\-\\-output\\-format"));
    assert!(stdout(&["--version"], "").starts_with("sklambda "));
    for command in ["predict", "compare", "inspect", "serve", "invoke", "completions", "man"] {
        assert!(stdout(&[command, "--help"], "").contains("Usage: sklambda"), "{command}");
    }
}

#[test]
fn colours_are_for_terminals() {
    let model = iris();
    let plain = stdout(&["inspect", model.to_str().unwrap()], "");
    assert!(plain.contains("supported        yes\n") && !plain.contains('\u{1b}'), "{plain}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sklambda"));
    let asked =
        command.args(["inspect", model.to_str().unwrap()]).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR").output();
    let coloured = String::from_utf8(asked.unwrap().stdout).unwrap();
    assert!(coloured.contains("\u{1b}[32myes"), "{coloured}");
}

/// Whoever closes the pipe, such as `head`, has read enough.
#[test]
fn a_closed_pipe_needs_no_message() {
    let rows = format!("[{}[0, 0, 0, 0]]", "[0.1, 0.2, 0.3, 0.4], ".repeat(30_000));
    let mut process = Command::new(env!("CARGO_BIN_EXE_sklambda"))
        .args(["predict", "--model", iris().to_str().unwrap(), "--input", "-", "--method", "predict_proba"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    process.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
}
