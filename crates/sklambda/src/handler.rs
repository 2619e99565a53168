//! From event to answer: the contract of the Python toolkit, to the letter.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use skestimators::Model;
use skpickle::{Graph, Kind};

use crate::{
    event,
    json::{self, Json, Text},
    seed,
};

/// What a model path led to.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A model that can be asked.
    Model(Model),
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
        let root = graph.root();
        if member.is_some() || !Model::members(graph).is_empty() {
            return Model::from_graph(graph, member).map(Loaded::Model).map_err(|e| e.to_string());
        }
        let name = match root.kind() {
            Kind::Array => "numpy.ndarray",
            Kind::Object if root.array().is_ok() => "numpy.ndarray",
            Kind::Object => return Model::from_graph(graph, None).map(Loaded::Model).map_err(|e| e.to_string()),
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
}

/// An answer: HTTP status and JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
}

impl Response {
    /// The answer as a Lambda function returns it to API Gateway.
    pub fn to_envelope(&self) -> String {
        let entries = vec![
            (Text::from("isBase64Encoded"), Json::Bool(false)),
            (Text::from("statusCode"), Json::Int(self.status.into())),
            (Text::from("body"), Json::str(self.body.as_str())),
        ];
        Json::Object(entries).dumps(false)
    }

    pub(crate) fn error(status: u16, message: impl Into<Text>) -> Response {
        Response { status, body: Json::Object(vec![(Text::from("error"), Json::Str(message.into()))]).dumps(true) }
    }
}

type Load = Box<dyn Fn() -> Result<Loaded, String> + Send + Sync>;

/// Answers events with a model that is loaded once.
pub struct Handler {
    load: Load,
    loaded: Mutex<Option<Arc<Loaded>>>,
    strict: bool,
}

impl Handler {
    /// A handler whose model comes from `load`. A failure is answered, and tried again on the next call.
    pub fn new(load: impl Fn() -> Result<Loaded, String> + Send + Sync + 'static) -> Handler {
        Handler { load: Box::new(load), loaded: Mutex::new(None), strict: false }
    }

    /// The model, loaded now if it is not yet.
    ///
    /// # Errors
    /// The reason why it cannot be loaded.
    pub fn model(&self) -> Result<Arc<Loaded>, String> {
        let mut loaded = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(Arc::clone(loaded));
        }
        let fresh = Arc::new((self.load)()?);
        // Nothing may become something; whatever was read from a file is kept.
        if !matches!(*fresh, Loaded::Nothing) {
            *loaded = Some(Arc::clone(&fresh));
        }
        Ok(fresh)
    }

    /// Takes nothing that the Python toolkit does not take: no request without an event, no body in base64.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Handler {
        self.strict = strict;
        self
    }

    /// Answers one Lambda event, whatever it holds.
    pub fn handle(&self, event: &[u8]) -> Response {
        self.answer(|| event::request(event, self.strict))
    }

    /// Answers the JSON text of a request that has no event around it.
    pub fn handle_body(&self, body: &[u8]) -> Response {
        self.answer(|| json::parse_bytes(body))
    }

    /// The model comes first, then the request. A defect in here becomes an answer too.
    fn answer(&self, request: impl FnOnce() -> Result<Json, String>) -> Response {
        let answer = || {
            let loaded = match self.model() {
                Ok(loaded) => loaded,
                Err(e) => return Response::error(500, format!("Failed to load model: {e}")),
            };
            match request() {
                Ok(request) => seed::answer(&loaded, &request),
                Err(e) => Response::error(400, format!("Failed to parse request body as JSON: {e}")),
            }
        };
        std::panic::catch_unwind(AssertUnwindSafe(answer))
            .unwrap_or_else(|_| Response::error(500, "Internal error: please report the model and the request"))
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}
