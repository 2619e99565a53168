//! `GET /openapi.json`, with examples that this very model answers.

use openapiv3::{
    Info, MediaType, ObjectType, OpenAPI, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem,
    QueryStyle, ReferenceOr, RequestBody, Response, Schema, SchemaKind, StatusCode, StringType, Type,
};
use serde_json::Value;

use crate::handler::Service;

/// The description of the server's paths.
pub(super) fn text(service: &Service) -> Result<String, serde_json::Error> {
    let example = service.example();
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let rows = |form: &str| example.map(|example| form.replace("ROWS", &example.rows()));
    let name = &service.name;
    let method = example.and_then(crate::dialect::Example::method);
    let post = |path: &str, summary: &str, body: Option<Value>| post(path, summary, body, method);
    let paths = vec![
        post(
            "/predict",
            "Rows in any dialect; the keys of the body tell which",
            json(example.map(crate::dialect::Example::plain)),
        ),
        post("/invocations", "MLflow and SageMaker", json(rows("{\"inputs\": ROWS}"))),
        post(
            &format!("/v1/models/{name}:predict"),
            "TensorFlow Serving and KServe V1",
            json(rows("{\"instances\": ROWS}")),
        ),
        post(
            &format!("/v2/models/{name}/infer"),
            "Open Inference Protocol V2",
            json(example.and_then(crate::dialect::Example::v2)),
        ),
        get("/", "What this server is; a page for browsers", "application/json"),
        get("/ping", "Health", "application/json"),
        get("/health", "Health", "application/json"),
        get("/version", "The version of the server", "text/plain"),
        get("/metadata", "The model: class, features, classes", "application/json"),
        get("/metrics", "Metrics for Prometheus", "text/plain"),
        get("/v2", "The server, as the V2 protocol tells it", "application/json"),
        get("/v2/health/live", "Whether the server runs", "application/json"),
        get("/v2/health/ready", "Whether the model is loaded", "application/json"),
        get(&format!("/v2/models/{name}"), "The model, as the V2 protocol tells it", "application/json"),
        get(&format!("/v2/models/{name}/ready"), "Whether the model is loaded", "application/json"),
        get(&format!("/v1/models/{name}"), "The model, as KServe V1 tells it", "application/json"),
    ];
    let info = Info {
        title: "sklambda".into(),
        description: Some(format!("A scikit-learn model named {name}.")),
        version: env!("CARGO_PKG_VERSION").into(),
        ..Info::default()
    };
    let mut api = OpenAPI { openapi: "3.0.3".into(), info, ..OpenAPI::default() };
    api.paths.paths = paths.into_iter().map(|(path, item)| (path, ReferenceOr::Item(item))).collect();
    serde_json::to_string(&api)
}

fn schema(kind: Type) -> ReferenceOr<Schema> {
    ReferenceOr::Item(Schema { schema_data: Default::default(), schema_kind: SchemaKind::Type(kind) })
}

fn content(media_type: &str, example: Option<Value>) -> (String, MediaType) {
    let schema = if media_type == "application/json" {
        schema(Type::Object(ObjectType::default()))
    } else {
        schema(Type::String(StringType::default()))
    };
    (media_type.to_owned(), MediaType { schema: Some(schema), example, ..MediaType::default() })
}

fn operation(summary: &str, responses: &[(u16, &str, &str)]) -> Operation {
    let mut operation = Operation { summary: Some(summary.into()), ..Operation::default() };
    for (status, text, media_type) in responses {
        let content = [content(media_type, None)].into_iter().collect();
        let response = Response { description: (*text).into(), content, ..Response::default() };
        operation.responses.responses.insert(StatusCode::Code(*status), ReferenceOr::Item(response));
    }
    operation
}

fn post(path: &str, summary: &str, example: Option<Value>, method: Option<&'static str>) -> (String, PathItem) {
    let json = "application/json";
    let answers = [
        (200, "The answer", json),
        (400, "The request is at fault; the text says where", json),
        (413, "The body is too large", json),
        (503, "The model is being loaded", json),
    ];
    let content = [content(json, example)].into_iter().collect();
    let body = RequestBody { content, required: true, ..RequestBody::default() };
    let operation = Operation {
        request_body: Some(ReferenceOr::Item(body)),
        parameters: vec![ReferenceOr::Item(parameter(method))],
        ..operation(summary, &answers)
    };
    (path.to_owned(), PathItem { post: Some(operation), ..PathItem::default() })
}

/// `?method=predict_proba`; one that must be named stands there as an example.
fn parameter(example: Option<&str>) -> Parameter {
    let text = "The method to ask, such as predict_proba; the dialect's own way goes first";
    Parameter::Query {
        parameter_data: ParameterData {
            name: "method".into(),
            description: Some(text.into()),
            required: example.is_some(),
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema(Type::String(StringType::default()))),
            example: example.map(Value::from),
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        },
        allow_reserved: false,
        style: QueryStyle::Form,
        allow_empty_value: None,
    }
}

fn get(path: &str, summary: &str, media_type: &str) -> (String, PathItem) {
    let operation = operation(summary, &[(200, "The answer", media_type)]);
    (path.to_owned(), PathItem { get: Some(operation), ..PathItem::default() })
}
