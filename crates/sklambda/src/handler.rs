//! From event to answer: the contract of the Python toolkit, to the letter.

use std::sync::{Arc, Mutex};

use skestimators::Model;
use skpickle::{Graph, Kind};

use crate::json::{self, Json, Text};

/// What a model path led to.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A model that can be asked.
    Model(Model),
    /// Nothing: the path has no extension that the Python toolkit knows, and no file is there.
    Nothing,
    /// An object that is no estimator; the name of its Python class.
    Other(String),
}

impl Loaded {
    /// What the root of a decoded file is.
    ///
    /// # Errors
    /// The reason why an estimator cannot be run.
    pub fn from_graph(graph: &Graph) -> Result<Loaded, String> {
        let name = match graph.root().kind() {
            Kind::Object | Kind::Array => {
                return Model::from_graph(graph, None).map(Loaded::Model).map_err(|e| e.to_string());
            }
            Kind::None => return Ok(Loaded::Nothing),
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Str => "str",
            Kind::Bytes => "bytes",
            Kind::List => "list",
            Kind::Tuple => "tuple",
            Kind::Set => "set",
            Kind::Dict => "dict",
            Kind::Global => "function",
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

    fn error(status: u16, message: impl Into<Text>) -> Response {
        Response { status, body: Json::Object(vec![(Text::from("error"), Json::Str(message.into()))]).dumps(true) }
    }
}

type Load = Box<dyn Fn() -> Result<Loaded, String> + Send + Sync>;

/// Answers events with a model that is loaded once.
pub struct Handler {
    load: Load,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

impl Handler {
    /// A handler whose model comes from `load`. A failure is answered, and tried again on the next call.
    pub fn new(load: impl Fn() -> Result<Loaded, String> + Send + Sync + 'static) -> Handler {
        Handler { load: Box::new(load), loaded: Mutex::new(None) }
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
        // What is no model may become one: only models are kept.
        if matches!(*fresh, Loaded::Model(_)) {
            *loaded = Some(Arc::clone(&fresh));
        }
        Ok(fresh)
    }

    /// Answers one Lambda event.
    pub fn handle(&self, event: &[u8]) -> Response {
        let _model = match self.model() {
            Ok(model) => model,
            Err(e) => return Response::error(500, format!("Failed to load model: {e}")),
        };
        match json::parse_bytes(event) {
            Ok(_) => Response::error(400, "Failed to parse request body as JSON: 'body'"),
            Err(e) => Response::error(400, format!("Failed to parse request body as JSON: {e}")),
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}
