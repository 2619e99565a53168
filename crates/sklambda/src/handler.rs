//! A model that is loaded once, and what answers with it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock},
};

use skestimators::Model;
use skpickle::{Graph, Kind};

use crate::{
    dialect::{self, Example},
    event::{self, Event},
    http::{Request, Response},
    metadata::Known,
    source,
};

/// What a model path led to.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A model that can be asked, and what its file tells of its columns.
    Model(Model, Known),
    /// Nothing: the path has no extension that the Python toolkit knows, and no file is there.
    Nothing,
    /// An object that is no estimator and holds none; the name of its Python class.
    Other(String),
}

impl Loaded {
    /// What the root of a decoded file is, or the member of a bundle that is named, or the only estimator of a bundle.
    ///
    /// # Errors
    /// The reason why an estimator cannot be run, or which members there are to choose from.
    pub fn from_graph(graph: &Graph, member: Option<&str>) -> Result<Loaded, String> {
        if member.is_some() || !Model::members(graph).is_empty() {
            return Loaded::model(graph, member);
        }
        Loaded::from_root(graph)
    }

    /// What the root of a decoded file is, as the Python toolkit takes it, to which a bundle is no model.
    ///
    /// # Errors
    /// The reason why the estimator cannot be run.
    pub(crate) fn from_root(graph: &Graph) -> Result<Loaded, String> {
        let root = graph.root();
        let name = match root.kind() {
            Kind::Array => "numpy.ndarray",
            Kind::Object if root.array().is_ok() => "numpy.ndarray",
            Kind::Object if Model::members(graph).is_empty() => return Loaded::model(graph, None),
            Kind::Object => root.class().map_or("object", |class| class.name),
            Kind::None => "NoneType",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Str => "str",
            Kind::Bytes => "bytes",
            Kind::List => "list",
            Kind::Tuple => "tuple",
            Kind::Set => "set",
            Kind::Dict => "dict",
            Kind::Global => "type",
        };
        Ok(Loaded::Other(name.into()))
    }

    fn model(graph: &Graph, member: Option<&str>) -> Result<Loaded, String> {
        let asked = source::model(graph, member).and_then(|model| {
            let known = Known::of(&model.object(graph)?, &model);
            Ok(Loaded::Model(model, known))
        });
        asked.map_err(|e| e.to_string())
    }
}

/// What is settled about answers beyond the requests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The model's name in paths; `model` is one as well.
    pub name: String,
    /// Rows of one request at most.
    pub most_rows: usize,
    /// Nothing is taken that the Python toolkit does not take: no request without an event, no body in base64.
    pub strict: bool,
    /// Origins whose pages may read answers; `*` is all of them.
    pub cors: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { name: "model".into(), most_rows: 1_000_000, strict: false, cors: Vec::new() }
    }
}

impl Settings {
    /// The settings for a model at a path, with what the environment says: `SKLEARN_MODEL_NAME`, `MAX_ROWS`, `STRICT_SEED`
    /// and `CORS_ORIGINS`.
    ///
    /// # Errors
    /// The text that says which variable holds no number.
    pub fn from_env(path: Option<&str>) -> Result<Settings, String> {
        let fixed = Settings::default();
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let stem = path.and_then(|path| {
            let file = path.split('?').next()?.rsplit(['/', '\\']).next()?;
            file.split('.').next().filter(|stem| !stem.is_empty()).map(str::to_owned)
        });
        let most_rows = variable("MAX_ROWS").map(|rows| match rows.trim().parse() {
            Ok(most @ 1..) => Ok(most),
            _ => Err(format!("MAX_ROWS={}: expected a number of rows", skpickle::printable(&rows))),
        });
        let cors = variable("CORS_ORIGINS").unwrap_or_default();
        Ok(Settings {
            name: variable("SKLEARN_MODEL_NAME").or(stem).unwrap_or(fixed.name),
            most_rows: most_rows.transpose()?.unwrap_or(fixed.most_rows),
            strict: variable("STRICT_SEED").is_some_and(|value| value == "1"),
            cors: cors.split(',').map(|origin| origin.trim().to_owned()).filter(|origin| !origin.is_empty()).collect(),
        })
    }
}

/// What a path led to, with what is needed to answer.
#[derive(Debug)]
pub struct Service {
    pub(crate) loaded: Loaded,
    pub(crate) settings: Settings,
    /// The model's name in paths.
    pub(crate) name: String,
    example: OnceLock<Option<Example>>,
}

impl Service {
    /// A service of what was loaded.
    pub fn new(loaded: Loaded, settings: Settings) -> Service {
        let name = settings.name.clone();
        Service { loaded, settings, name, example: OnceLock::new() }
    }

    /// A request that this very model answers; found at the first need.
    pub(crate) fn example(&self) -> Option<&Example> {
        let Loaded::Model(model, known) = &self.loaded else { return None };
        self.example.get_or_init(|| Example::of(model, known)).as_ref()
    }

    /// Takes the example that a description of the model has, unless one was needed before.
    #[cfg(feature = "serve")]
    pub(crate) fn describe(&self, metadata: &str) {
        let Loaded::Model(model, _) = &self.loaded else { return };
        let metadata = crate::json::parse_bytes(metadata.as_bytes());
        if let Some(example) = metadata.ok().and_then(|metadata| Example::described(model, &metadata)) {
            let _ = self.example.set(Some(example));
        }
    }

    /// Whether a name in a path is the model's.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        name == self.name || name == "model"
    }

    /// The refusal of another model's name.
    pub(crate) fn unknown(&self, name: &str) -> dialect::Refusal {
        let (name, own) = (skpickle::printable(name), skpickle::printable(&self.name));
        dialect::Refusal::new(404, format_args!("there is no model '{name}'; the model here is '{own}'"))
    }
}

/// Answers a request. Nothing else is read or written: what answers depends on is in the service.
///
/// ```
/// use sklambda::{Loaded, Request, Service, handle};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
/// let service = Service::new(sklambda::load(Some(path))?, sklambda::Settings::default());
/// let answer = handle(&service, &Request::post("/predict", r#"{"input": [[5.1, 3.5, 1.4, 0.2]]}"#));
/// assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"prediction": [0]}"#));
/// # Ok::<(), String>(())
/// ```
pub fn handle(service: &Service, request: &Request) -> Response {
    dialect::answer_known(service, request).unwrap_or_else(|| {
        let path = skpickle::printable(&request.path);
        dialect::refused(404, &format!("there is nothing at {path}; send POST /predict or GET /health, or see GET /"))
    })
}

type Load = Box<dyn Fn() -> Result<Loaded, String> + Send + Sync>;

/// Answers events and requests with a model that is loaded once.
pub struct Handler {
    load: Load,
    service: OnceLock<Arc<Service>>,
    /// Held while a model is loaded, so that it is loaded once.
    loading: Mutex<()>,
    settings: Settings,
}

impl Handler {
    /// A handler whose model comes from `load`. A failure is answered, and tried again on the next call.
    pub fn new(load: impl Fn() -> Result<Loaded, String> + Send + Sync + 'static) -> Handler {
        let (service, loading) = (OnceLock::new(), Mutex::new(()));
        Handler { load: Box::new(load), service, loading, settings: Settings::default() }
    }

    /// The same with other settings.
    #[must_use]
    pub fn with(mut self, settings: Settings) -> Handler {
        self.settings = settings;
        self
    }

    /// Takes nothing that the Python toolkit does not take: no request without an event, no body in base64.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Handler {
        self.settings.strict = strict;
        self
    }

    /// What answers, with the model loaded now if it is not yet.
    ///
    /// # Errors
    /// The reason why it cannot be loaded.
    pub fn service(&self) -> Result<Arc<Service>, String> {
        if let Some(service) = self.service.get() {
            return Ok(Arc::clone(service));
        }
        let _alone = self.loading.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(service) = self.service.get() {
            return Ok(Arc::clone(service));
        }
        let service = Arc::new(Service::new((self.load)()?, self.settings.clone()));
        // Nothing may become something; whatever was read from a file is kept.
        if matches!(service.loaded, Loaded::Nothing) {
            return Ok(service);
        }
        Ok(Arc::clone(self.service.get_or_init(|| service)))
    }

    /// Whether a model is loaded, without waiting for one.
    pub fn is_ready(&self) -> bool {
        self.service.get().is_some()
    }

    /// Answers one Lambda event, whatever it holds.
    pub fn handle(&self, event: &[u8]) -> Response {
        self.read(event).answer(self, "")
    }

    /// Answers the body of a request that has no event around it.
    pub fn handle_body(&self, body: &[u8]) -> Response {
        self.respond(&Request::post("/predict", body), "")
    }

    /// What an event asks for.
    pub(crate) fn read(&self, event: &[u8]) -> Event {
        Event::read(event, self.settings.strict)
    }

    /// Answers a request of the server, which knows its paths. `id` tells the request from others where it fails.
    pub fn respond(&self, request: &Request, id: &str) -> Response {
        self.guarded(id, || self.with_model(request, handle))
    }

    /// Answers a request behind a gateway that has paths of its own.
    pub(crate) fn anywhere(&self, request: &Request, id: &str) -> Response {
        let origin = request.header("origin");
        // A gateway may have decoded the body and left the header; what is text is not encoded any more.
        let coding = request.header("content-encoding").filter(|_| std::str::from_utf8(&request.body).is_err());
        let encoded = coding.and_then(Request::encoded).map(|text| dialect::refused(415, &text));
        let answer = encoded.or_else(|| self.preflight(&request.method, origin));
        let answer = answer.unwrap_or_else(|| self.guarded(id, || self.with_model(request, dialect::answer)));
        self.across_origins(origin, answer)
    }

    fn with_model(&self, request: &Request, answer: impl Fn(&Service, &Request) -> Response) -> Response {
        match self.service() {
            Ok(service) => answer(&service, request),
            // Whether the program lives is asked apart from whether it can answer.
            Err(_) if request.path == "/v2/health/live" => Response::text(200, "application/json", "{\"live\": true}"),
            Err(e) => event::not_loaded(&e),
        }
    }

    /// A defect in here becomes an answer too.
    pub(crate) fn guarded(&self, id: &str, answer: impl FnOnce() -> Response) -> Response {
        std::panic::catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| {
            let id = skpickle::printable(id);
            Response::error(500, format!("internal error {id}; please report the model and the request"))
        })
    }

    /// The origin as browsers are told it, if its pages may read answers.
    fn allowed<'o>(&self, origin: Option<&'o str>) -> Option<&'o str> {
        let allowed = &self.settings.cors;
        if allowed.iter().any(|allowed| allowed == "*") {
            return origin.map(|_| "*");
        }
        origin.filter(|origin| allowed.iter().any(|allowed| allowed == origin))
    }

    /// The answer to a browser that asks beforehand what it may send.
    pub(crate) fn preflight(&self, method: &str, origin: Option<&str>) -> Option<Response> {
        if method != "OPTIONS" {
            return None;
        }
        self.allowed(origin)?;
        let answer = Response::bare(204, String::new())
            .with("access-control-allow-methods", "GET, HEAD, POST, OPTIONS")
            .with("access-control-allow-headers", "authorization, content-type, accept, x-request-id")
            .with("access-control-max-age", "86400");
        Some(answer)
    }

    /// The answer, which pages of an allowed origin may read.
    pub(crate) fn across_origins(&self, origin: Option<&str>, answer: Response) -> Response {
        match self.allowed(origin) {
            Some(origin) => answer.with("access-control-allow-origin", origin).with("vary", "origin"),
            None => answer,
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn a_panic_becomes_an_answer_with_the_requests_id() {
        let handler = Handler::new(|| panic!("a defect"));
        let answer = handler.respond(&Request::post("/predict", "{}"), "id-7");
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains("internal error id-7"), "{}", answer.body);
        assert_eq!(handler.handle(br#"{"body": "{}"}"#).status, 500);
    }

    #[test]
    fn examples_are_made_of_the_models_own_categories() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/page/table.joblib");
        let handler = Handler::new(|| crate::load(Some(path)));
        let answer = handler.respond(&Request::post("/predict", r#"[{"age": 49}]"#), "");
        let body = crate::json::parse(&answer.body.as_str().into()).unwrap();
        let Some(Json::Str(error)) = body.get("error") else { panic!("{}", answer.body) };
        let error = error.as_str().unwrap();
        let (_, example) = error.split_once("Example: ").unwrap_or_else(|| panic!("{error}"));
        assert!(example.contains(r#""sex": "female", "embarked": "Cherbourg""#), "{example}");
        assert_eq!(handler.respond(&Request::post("/predict", example), "").status, 200);
    }

    #[test]
    fn names_come_from_paths() {
        for (path, name) in [("a/iris.joblib", "iris"), ("s3://b/k/m.v2.pkl?versionId=1", "m"), ("/x/", "model")] {
            assert_eq!(Settings::from_env(Some(path)).unwrap().name, name, "{path}");
        }
    }
}
