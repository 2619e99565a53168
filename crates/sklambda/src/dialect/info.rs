//! What a server tells about itself and its model.

use crate::{
    handler::{Loaded, Service},
    http::Response,
    json::Json,
};

/// The paths and what they are for.
const PATHS: [(&str, &str); 8] = [
    ("POST /predict", "rows in any dialect; the keys of the body tell which"),
    ("POST /invocations", "MLflow and SageMaker"),
    ("POST /v1/models/NAME:predict", "TensorFlow Serving and KServe V1"),
    ("POST /v2/models/NAME/infer", "Open Inference Protocol V2"),
    ("GET /metadata", "the model: class, features, classes"),
    ("GET /v2/models/NAME", "the same as the V2 protocol has it"),
    ("GET /ping", "health; also /health, /v2/health/live and /v2/health/ready"),
    ("GET /version", "the version of this program"),
];

fn object(entries: Vec<(&str, Json)>) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// `GET /`.
pub(super) fn index(service: &Service) -> Response {
    let paths = PATHS.iter().map(|(path, what)| ((*path).into(), Json::str(*what))).collect();
    let entries = vec![
        ("status", Json::str("ok")),
        ("model", Json::str(service.name.as_str())),
        ("paths", Json::Object(paths)),
        ("example", service.example().map_or(Json::Null, |example| Json::str(example.plain()))),
    ];
    Response::json(200, &object(entries))
}

/// `GET /ping`. The model is loaded, or there would be no service to ask.
pub(super) fn healthy() -> Response {
    Response::json(200, &object(vec![("status", Json::str("ok"))]))
}

/// `GET /version`, text as MLflow has it.
pub(super) fn version() -> Response {
    Response::text(200, "text/plain", env!("CARGO_PKG_VERSION"))
}

/// `GET /metadata`.
pub(super) fn metadata(service: &Service) -> Response {
    let Loaded::Model(model, _) = &service.loaded else {
        return super::refused(500, "there is no model to tell about");
    };
    let texts = |texts: &mut dyn Iterator<Item = &str>| Json::Array(texts.map(Json::str).collect());
    let body = object(vec![
        ("name", Json::str(service.name.as_str())),
        ("class", Json::str(model.class())),
        ("key", Json::str(model.key())),
        ("sklearn_version", model.sklearn_version().map_or(Json::Null, |v| Json::str(skpickle::printable(v)))),
        ("methods", texts(&mut model.methods().map(skestimators::Method::name))),
        ("n_features_in", model.n_features_in().map_or(Json::Null, |n| Json::Int(n as i64))),
        (
            "feature_names_in",
            model.feature_names_in().map_or(Json::Null, |names| texts(&mut names.iter().map(String::as_str))),
        ),
        ("classes", crate::lists::classes(model)),
    ]);
    Response::json(200, &body)
}

#[cfg(test)]
mod tests {
    use crate::{Request, Service, Settings, handle, load};

    #[test]
    fn the_short_description_names_the_classes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
        let service = Service::new(load(Some(path)).unwrap(), Settings::default());
        let answer = handle(&service, &Request::get("/metadata"));
        assert_eq!(answer.status, 200);
        assert!(answer.body.as_str().ends_with(r#""classes": [0, 1, 2]}"#), "{}", answer.body.as_str());
    }
}
