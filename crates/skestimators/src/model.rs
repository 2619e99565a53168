//! The public face: a model that was loaded from a file.

use std::{fmt, sync::Arc};

use skpickle::{Graph, Kind, Limits};

#[cfg(feature = "threads")]
use crate::threads::Helpers;
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Fitted},
    member::{self, Member},
    method::Method,
    parts::{self, Plan},
    registry,
    state::{Loader, RowCost},
};

/// A scikit-learn estimator that was loaded from its pickle or joblib file.
///
/// Cheap to clone, `Send` and `Sync`, and everything is asked through `&self`.
///
/// ```
/// use skestimators::{Model, Samples};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
/// let model = Model::from_path(path)?;
/// let x = Samples::from(ndarray::array![[5.1, 3.5, 1.4, 0.2]]);
/// println!("{:?}", model.predict(&x)?);
/// # Ok::<(), skestimators::Error>(())
/// ```
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
    #[cfg(feature = "threads")]
    helpers: Arc<Helpers>,
}

struct Inner {
    root: Fitted,
    version: Option<String>,
    unread: Vec<String>,
    row_cost: RowCost,
    call_bytes: u64,
    row_wise: bool,
    plan: Plan,
    member: Option<String>,
}

impl Model {
    /// Loads the model in a file.
    ///
    /// # Errors
    /// [`ErrorKind::File`](crate::ErrorKind::File) when the file cannot be read or decoded,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) when it holds something that cannot be run,
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) when a value in it is impossible.
    #[cfg(feature = "fs")]
    pub fn from_path(path: impl AsRef<std::path::Path>) -> Result<Self> {
        Self::from_graph(&skpickle::load_path(path, &Limits::default())?, None)
    }

    /// Loads the model in the bytes of a file.
    ///
    /// # Errors
    /// As [`Model::from_path`].
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        Self::from_graph(&skpickle::load(bytes.into(), &Limits::default())?, None)
    }

    /// Loads the model that a reader gives the bytes of.
    ///
    /// # Errors
    /// As [`Model::from_path`].
    pub fn from_reader(reader: impl std::io::Read) -> Result<Self> {
        use std::io::Read;
        let limits = Limits::default();
        let mut bytes = Vec::new();
        let read = reader.take(limits.input_bytes.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|e| skpickle::Error::new(skpickle::ErrorKind::Io, format_args!("cannot read the model: {e}")))?;
        Self::from_graph(&skpickle::load(bytes, &limits)?, None)
    }

    /// Makes the estimator of a decoded file. `member` names the one to take out of a bundle, as in Python:
    /// `["model"]`, `[0]`, `["models"][1]`. Without it, the only estimator of a bundle is taken, as [`Model::member`] then tells.
    ///
    /// # Errors
    /// As [`Model::from_path`].
    pub fn from_graph(graph: &Graph, member: Option<&str>) -> Result<Self> {
        Self::load(graph, member, 1)
    }

    /// As [`Model::from_graph`], in up to so many threads: the members of a large ensemble are loaded side by side, and large batches are
    /// answered as [`Model::with_threads`] says.
    ///
    /// # Errors
    /// As [`Model::from_path`].
    ///
    /// ```
    /// use skestimators::Model;
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
    /// let graph = skpickle::load_path(path, &Default::default())?;
    /// let model = Model::from_graph_in_threads(&graph, None, 2)?;
    /// # assert_eq!(model.class(), "LogisticRegression");
    /// # Ok::<(), skestimators::Error>(())
    /// ```
    #[cfg(feature = "threads")]
    pub fn from_graph_in_threads(graph: &Graph, member: Option<&str>, threads: usize) -> Result<Self> {
        Self::load(graph, member, threads).map(|model| model.with_threads(threads))
    }

    fn load(graph: &Graph, member: Option<&str>, threads: usize) -> Result<Self> {
        let member = match member {
            Some(member) => Some(member.to_owned()),
            None if is_alone(graph) => None,
            None => Some(member::only(graph)?),
        };
        let obj = match &member {
            Some(path) => member::find(&graph.root(), path)?,
            None => graph.root(),
        };
        let loader = Loader::new(graph, registry::lookup, threads);
        let root = loader.estimator(&obj)?;
        let version: Option<String> = obj.field("_sklearn_version").and_then(|v| v.get()).ok();
        let row_cost = loader.row_cost();
        let row_wise = loader.is_row_wise();
        let any_size = loader.is_row_wise_in_parts() && !is_old(version.as_deref());
        let plan = Plan { staged: root.key == "pipeline.Pipeline", any_size, steps: row_cost.steps };
        let unread = loader.into_unread().into_iter().collect();
        let call_bytes = graph.limits().call_bytes;
        Ok(Model {
            inner: Arc::new(Inner { root, version, unread, row_cost, call_bytes, row_wise, plan, member }),
            #[cfg(feature = "threads")]
            helpers: Arc::new(Helpers::new(0)),
        })
    }

    /// The estimators inside a dict, list, tuple or the like, outermost first; none when the file holds something else.
    pub fn members(graph: &Graph) -> Vec<Member> {
        if is_alone(graph) { Vec::new() } else { member::members(graph) }
    }

    /// The way to this estimator in the bundle that it was taken from, such as `["model"]`.
    pub fn member(&self) -> Option<&str> {
        self.inner.member.as_deref()
    }

    /// The pickled object that this model was made of, in a graph of the file that it was loaded from.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the graph is that of another file, which has no such member.
    pub fn object<'g>(&self, graph: &'g Graph) -> Result<skpickle::Obj<'g>> {
        match self.member() {
            Some(path) => member::find(&graph.root(), path),
            None => Ok(graph.root()),
        }
    }

    /// Whether the answer for a row is the same whatever other rows it is asked with. It is not where a solver runs until a whole batch is
    /// near enough, as in `NMF`, or starts from random numbers, as in `LatentDirichletAllocation`.
    pub fn is_row_wise(&self) -> bool {
        self.inner.row_wise
    }

    /// The same model, which answers large batches in up to so many threads. One is the default; small batches never have more.
    /// [`Model::from_graph_in_threads`] loads in several threads too.
    ///
    /// ```
    /// use skestimators::{Model, Samples};
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
    /// let model = Model::from_path(path)?.with_threads(2);
    /// let y = model.predict(&Samples::from(ndarray::Array2::zeros((10_000, 4))))?;
    /// assert_eq!(y.len(), 10_000);
    /// # Ok::<(), skestimators::Error>(())
    /// ```
    #[cfg(feature = "threads")]
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        let count = if is_old(self.sklearn_version()) { 0 } else { threads.saturating_sub(1) };
        Model { helpers: Arc::new(Helpers::new(count)), ..self }
    }

    /// What answers, and how its batches are divided.
    #[cfg(all(test, feature = "threads"))]
    pub(crate) fn parts(&self) -> (&Fitted, Plan) {
        (&self.inner.root, self.inner.plan)
    }

    /// The answer to a batch that is large enough for several threads or parts.
    fn in_parts(&self, method: Method, x: &Samples) -> Option<Output> {
        let Inner { root, plan, .. } = &*self.inner;
        if !self.is_row_wise() {
            return None;
        }
        #[cfg(feature = "threads")]
        if let Some(answer) = crate::threads::call(root, method, x, *plan, &self.helpers) {
            return Some(answer);
        }
        parts::call(root, method, x, *plan)
    }

    /// scikit-learn's class name, such as `LogisticRegression`.
    pub fn class(&self) -> &str {
        &self.inner.root.class
    }

    /// The class with its package, such as `linear_model.LogisticRegression`.
    pub fn key(&self) -> &'static str {
        self.inner.root.key
    }

    /// The version of scikit-learn that wrote the file, if the file says (0.18 on).
    pub fn sklearn_version(&self) -> Option<&str> {
        self.inner.version.as_deref()
    }

    /// At most what one row costs: a server can multiply it by the rows of a request before it answers.
    pub fn row_cost(&self) -> RowCost {
        self.inner.row_cost
    }

    /// Refuses more rows than there is memory for.
    fn check_rows(&self, x: &Samples) -> Result<()> {
        let (each, limit) = (self.inner.row_cost.bytes, self.inner.call_bytes);
        if (x.rows() as u64).saturating_mul(each) > limit {
            return Err(Error::input(format_args!(
                "{} rows at {each} bytes each need more than {limit} bytes (limit call_bytes); give fewer rows at a time",
                x.rows()
            )));
        }
        Ok(())
    }

    /// Attributes in the file that inference does not read, as `Class.attribute`.
    pub fn unread(&self) -> &[String] {
        &self.inner.unread
    }

    /// Width of the input, where the model has one.
    pub fn n_features_in(&self) -> Option<usize> {
        self.inner.root.n_features_in
    }

    /// Names of the input's columns, where the model was fitted on a table.
    pub fn feature_names_in(&self) -> Option<&[String]> {
        self.inner.root.feature_names_in.as_deref()
    }

    /// `classes_` of a classifier: one array for each output, none for other models.
    pub fn classes(&self) -> &[Array] {
        match self.inner.root.estimator.classes() {
            Classes::None => &[],
            Classes::One(classes) => std::slice::from_ref(classes),
            Classes::Many(classes) => classes,
        }
    }

    /// Whether `classes_` is a list of arrays, as a classifier of several outputs has it.
    pub fn is_multi_output(&self) -> bool {
        matches!(self.inner.root.estimator.classes(), Classes::Many(_))
    }

    /// The methods that the model has.
    pub fn methods(&self) -> impl Iterator<Item = Method> {
        self.inner.root.estimator.methods().iter()
    }

    /// Whether the model has a method, as `hasattr` in Python.
    pub fn has(&self, method: Method) -> bool {
        self.inner.root.has(method)
    }

    /// Asks a method.
    ///
    /// # Errors
    /// [`ErrorKind::Method`](crate::ErrorKind::Method) when the model does not have it,
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the samples are not what it takes.
    pub fn call(&self, method: Method, x: &Samples) -> Result<Output> {
        self.check_rows(x)?;
        match self.in_parts(method, x) {
            Some(answer) => Ok(answer),
            None => self.inner.root.call(method, x),
        }
    }

    /// Refuses a method that the model does not have, in scikit-learn's words.
    ///
    /// # Errors
    /// [`ErrorKind::Method`](crate::ErrorKind::Method).
    pub fn require(&self, method: Method) -> Result<()> {
        self.inner.root.require(method)
    }

    /// Labels or values, one a sample (one row a sample for several outputs).
    ///
    /// # Errors
    /// As [`Model::call`].
    pub fn predict(&self, x: &Samples) -> Result<Array> {
        self.check_rows(x)?;
        match self.in_parts(Method::Predict, x).and_then(Output::into_array) {
            Some(answer) => Ok(answer),
            None => self.inner.root.predict(x),
        }
    }

    /// Probabilities, one row a sample and one column a class; one such array for each output of a multi-output model.
    ///
    /// # Errors
    /// As [`Model::call`].
    pub fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.check_rows(x)?;
        match self.in_parts(Method::PredictProba, x) {
            Some(answer) => Ok(answer),
            None => self.inner.root.predict_proba(x),
        }
    }

    /// Confidence scores.
    ///
    /// # Errors
    /// As [`Model::call`].
    pub fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.check_rows(x)?;
        match self.in_parts(Method::DecisionFunction, x).and_then(Output::into_array) {
            Some(answer) => Ok(answer),
            None => self.inner.root.decision_function(x),
        }
    }

    /// Transformed samples.
    ///
    /// # Errors
    /// As [`Model::call`].
    pub fn transform(&self, x: &Samples) -> Result<Samples> {
        self.check_rows(x)?;
        match self.in_parts(Method::Transform, x) {
            Some(Output::Samples(answer)) => Ok(answer),
            _ => self.inner.root.transform(x),
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({})", self.key())
    }
}

/// Whether the root of a file is an object of its own, and no container of some.
fn is_alone(graph: &Graph) -> bool {
    let root = graph.root();
    root.kind() == Kind::Object && !member::is_container(&root)
}

/// Whether an answer could depend on the other rows of the batch, as before 0.21.
fn is_old(version: Option<&str>) -> bool {
    version.is_none_or(|version| {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let (major, minor) = (numbers.next(), numbers.next());
        matches!((major, minor), (Some(Ok(0)), Some(Ok(0..=20))))
    })
}

/// Keys of every class that can be run, such as `linear_model.LogisticRegression`, in order.
pub fn supported() -> impl ExactSizeIterator<Item = &'static str> {
    registry::REGISTRY.iter().map(|(key, _)| *key)
}
