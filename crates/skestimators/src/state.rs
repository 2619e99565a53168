//! Typed access to a pickled estimator, with the object path in every refusal.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashSet},
    fmt,
    sync::OnceLock,
};
#[cfg(feature = "threads")]
use std::{iter, thread};

use skpickle::{ErrorKind as FileErrorKind, Fields, FromObj, Graph, Kind, Obj};

use crate::{
    data::Array,
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    wording::Age,
};

/// Turns a pickled state into an estimator, or says why not.
pub(crate) type Load = fn(&State<'_, '_>) -> Result<Box<dyn Estimator>>;

/// What one row may cost, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCost {
    /// Steps of computation, such as multiply-adds.
    pub steps: u64,
    /// Bytes that parameters ask for, rather than the size of the file: a polynomial's products, a kernel's matrix.
    pub bytes: u64,
}

/// What loading one model shares: the way to the registry and the bounds.
pub(crate) struct Loader<'g> {
    graph: &'g Graph,
    lookup: fn(&str) -> Option<(&'static str, Load)>,
    /// Threads that the members of an ensemble may be loaded in.
    threads: usize,
    estimators: Cell<u64>,
    /// What a row costs beyond the numbers that were read.
    row: Cell<RowCost>,
    /// Whether the answer for a row depends on the others (see `Model::is_row_wise`).
    whole: Cell<bool>,
    /// Whether it depends on their number.
    counts: Cell<bool>,
    /// Objects being loaded right now, outermost first: an object inside itself is refused.
    open: RefCell<Vec<u32>>,
    /// Attributes that nobody read, by class (see `Model::unread`).
    unread: RefCell<BTreeSet<String>>,
}

impl<'g> Loader<'g> {
    pub(crate) fn new(graph: &'g Graph, lookup: fn(&str) -> Option<(&'static str, Load)>, threads: usize) -> Self {
        Loader {
            graph,
            lookup,
            threads,
            estimators: Cell::new(0),
            row: Cell::new(RowCost::default()),
            whole: Cell::new(false),
            counts: Cell::new(false),
            open: RefCell::new(Vec::new()),
            unread: RefCell::new(BTreeSet::new()),
        }
    }

    /// `Class.attribute` of every attribute that loading did not read.
    pub(crate) fn into_unread(self) -> BTreeSet<String> {
        self.unread.into_inner()
    }

    /// At most what a row costs: each number that was read out of the file is used once, and what estimators said on top.
    pub(crate) fn row_cost(&self) -> RowCost {
        let RowCost { steps, bytes } = self.row.get();
        RowCost { steps: steps.saturating_add(self.graph.numbers_read()), bytes }
    }

    /// Whether every row is answered by itself.
    pub(crate) fn is_row_wise(&self) -> bool {
        !self.whole.get()
    }

    /// Whether it is answered so in a batch of any size.
    pub(crate) fn is_row_wise_in_parts(&self) -> bool {
        self.is_row_wise() && !self.counts.get()
    }

    /// Refuses a model whose rows cost more than the limits.
    fn check_row_cost(&self, obj: &Obj<'_>) -> Result<()> {
        let (cost, limits) = (self.row_cost(), self.graph.limits());
        for (what, value, name, limit) in
            [("steps", cost.steps, "row_cost", limits.row_cost), ("bytes", cost.bytes, "row_bytes", limits.row_bytes)]
        {
            if value > limit {
                let message = format!(
                    "one row would cost {value} {what}, more than {limit} (limit {name}); raise it if the file is to be trusted"
                );
                return Err(obj.error(FileErrorKind::Limit, message).into());
            }
        }
        Ok(())
    }

    /// Counts estimators, and refuses too many.
    fn count(&self, estimators: u64, obj: &Obj<'_>) -> Result<()> {
        let limit = self.graph.limits().estimators;
        self.estimators.set(self.estimators.get().saturating_add(estimators));
        if self.estimators.get() > limit {
            let message = format!("more than {limit} estimators (limit estimators)");
            return Err(obj.error(FileErrorKind::Limit, message).into());
        }
        Ok(())
    }

    /// In how many runs the objects are loaded, each in a thread of its own. Those that are the same object are loaded once, by one thread.
    fn runs(&self, objects: &[Obj<'_>]) -> usize {
        /// Bytes of a file that are worth a thread: starting it takes a tenth of the time that they take.
        const WORTH: usize = if cfg!(test) { 1 } else { 1 << 20 };
        let runs = self.threads.min(objects.len()).min(self.graph.stream_len() / WORTH);
        let mut seen = HashSet::new();
        if runs > 1 && objects.iter().all(|obj| seen.insert(obj.identity())) { runs } else { 1 }
    }

    /// The loader of another thread.
    #[cfg(feature = "threads")]
    fn beside(&self) -> Self {
        let open = self.open.clone();
        Loader { open, ..Loader::new(self.graph, self.lookup, 1) }
    }

    /// Adds what the loader of another thread has met on the way to the members of `obj`.
    #[cfg(feature = "threads")]
    fn absorb(&self, other: Loader<'_>, obj: &Obj<'_>) -> Result<()> {
        let (row, more) = (self.row.get(), other.row.get());
        let (steps, bytes) = (row.steps.saturating_add(more.steps), row.bytes.saturating_add(more.bytes));
        self.row.set(RowCost { steps, bytes });
        self.whole.set(self.whole.get() || other.whole.get());
        self.counts.set(self.counts.get() || other.counts.get());
        self.unread.borrow_mut().extend(other.unread.into_inner());
        self.count(other.estimators.get(), obj)
    }

    /// Loads the estimator that `obj` is.
    pub(crate) fn estimator(&self, obj: &Obj<'_>) -> Result<Fitted> {
        let limits = self.graph.limits();
        self.count(1, obj)?;
        let class = obj.class().filter(|_| obj.kind() == Kind::Object).ok_or_else(|| obj.expected("an estimator"))?;
        let Some((key, load)) = key_of(class.module, class.name).and_then(|key| (self.lookup)(&key)) else {
            return Err(Error::unsupported(
                obj.error(FileErrorKind::Unsupported, unknown_class(class.module, class.name)),
            ));
        };
        {
            let mut open = self.open.borrow_mut();
            if open.contains(&obj.identity()) {
                return Err(obj.error(FileErrorKind::Value, "the estimator contains itself").into());
            }
            if open.len() >= limits.estimator_depth {
                return Err(obj
                    .error(
                        FileErrorKind::Limit,
                        format_args!(
                            "more than {} estimators inside one another (limit estimator_depth)",
                            limits.estimator_depth
                        ),
                    )
                    .into());
            }
            open.push(obj.identity());
        }
        let loaded = self.load(obj, key, load);
        self.open.borrow_mut().pop();
        loaded
    }

    fn load(&self, obj: &Obj<'_>, key: &'static str, load: Load) -> Result<Fitted> {
        let state = State::new(obj, self)?;
        let n_features_in = state.n_features_in()?;
        let feature_names_in = match state.opt::<Array>("feature_names_in_")? {
            Some(Array::Str(names)) => Some(names.into_iter().collect()),
            Some(Array::Object(names)) => {
                let text = |value| match value {
                    crate::data::Value::Str(text) => Some(text.to_string()),
                    _ => None,
                };
                names.into_iter().map(text).collect()
            }
            _ => None,
        };
        // Other libraries than pandas came in 1.4.
        let frames = match state.raw_opt("_sklearn_output_config").map(|config| config.entry("transform")) {
            Some(Ok(library)) => ["pandas", "polars"].into_iter().find(|name| library.str().is_ok_and(|s| s == *name)),
            _ => None,
        };
        let estimator = load(&state)?;
        self.check_row_cost(obj)?;
        let by_shape = estimator.n_features_in();
        if let (Some(recorded), Some(by_shape)) = (n_features_in, by_shape) {
            state.require(
                recorded == by_shape,
                format_args!("n_features_in_ is {recorded}, but the fitted arrays are for {by_shape} features"),
            )?;
        }
        let n_features_in = n_features_in.or(by_shape);
        let feature_names_in = feature_names_in.or_else(|| estimator.feature_names_in().map(<[String]>::to_vec));
        self.unread.borrow_mut().extend(state.unread().map(|name| format!("{}.{name}", state.class())));
        let names_bind = state.version() >= (1, 2);
        let (class, age) = (state.class().to_owned(), Age::of(state.version()));
        Ok(Fitted {
            class,
            key,
            n_features_in,
            feature_names_in,
            names_bind,
            age,
            frames,
            estimator,
            methods: OnceLock::new(),
        })
    }
}

/// The registry's key of a class: first package after `sklearn`, and the class name. `None` outside scikit-learn.
fn key_of(module: &str, class: &str) -> Option<String> {
    let mut parts = module.split('.');
    if parts.next() != Some("sklearn") {
        return None;
    }
    Some(format!("{}.{class}", parts.next()?))
}

fn unknown_class(module: &str, class: &str) -> String {
    let name = skpickle::printable(&format!("{module}.{class}"));
    if key_of(module, class).is_some() {
        format!("{name} is not supported; see the list of supported estimators")
    } else {
        format!(
            "{name} is not part of scikit-learn, and its code is not in the file; only scikit-learn's own classes can be run"
        )
    }
}

/// A pickled object whose attributes are about to be read.
pub(crate) struct State<'a, 'g> {
    obj: Obj<'g>,
    fields: Fields<'g>,
    /// Which attributes were read.
    read: Vec<Cell<bool>>,
    loader: &'a Loader<'a>,
    class: Cow<'g, str>,
    version: (u32, u32),
}

impl<'a, 'g> State<'a, 'g> {
    pub(crate) fn new(obj: &Obj<'g>, loader: &'a Loader<'a>) -> Result<Self> {
        let mut state = State::of_version(obj, loader, (0, 17))?;
        // 0.17 and older wrote none.
        if let Some(version) = state.field("_sklearn_version") {
            state.version = version.str().ok().and_then(|text| parse_version(&text)).unwrap_or((0, 17));
        }
        Ok(state)
    }

    fn of_version(obj: &Obj<'g>, loader: &'a Loader<'a>, version: (u32, u32)) -> Result<Self> {
        let fields = obj.fields()?;
        let read = vec![Cell::new(false); fields.len()];
        let class = match obj.class() {
            Some(name) if name.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => Cow::Borrowed(name.name),
            Some(name) => Cow::Owned(skpickle::printable(name.name)),
            None => Cow::Borrowed(""),
        };
        Ok(State { obj: obj.clone(), fields, read, loader, class, version })
    }

    /// The class name without its module.
    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    /// The object itself.
    pub(crate) fn obj(&self) -> &Obj<'g> {
        &self.obj
    }

    /// `(major, minor)` of the scikit-learn that wrote the object; `(0, 17)` where it does not say. For loading only:
    /// arithmetic must not ask.
    pub(crate) fn version(&self) -> (u32, u32) {
        self.version
    }

    /// Whether the attribute is there and not None.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The attribute, unless it is None.
    fn field(&self, name: &str) -> Option<Obj<'g>> {
        let (at, value) = self.fields.find(name)?;
        self.read[at].set(true);
        Some(value).filter(|field| !field.is_none())
    }

    fn missing(&self, names: &[&str]) -> Error {
        let list: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        self.obj
            .error(
                FileErrorKind::Missing,
                format_args!(
                    "{} has no attribute {}: it was saved before it was fitted, or by a version that is not known",
                    self.class,
                    list.join(" or ")
                ),
            )
            .into()
    }

    /// An attribute that must be there.
    pub(crate) fn get<T: FromObj<'g>>(&self, name: &str) -> Result<T> {
        self.renamed(&[name])
    }

    /// An attribute that may be absent or None.
    pub(crate) fn opt<T: FromObj<'g>>(&self, name: &str) -> Result<Option<T>> {
        Ok(self.field(name).map(|field| field.get()).transpose()?)
    }

    /// An attribute that has had several names, the newest first.
    pub(crate) fn renamed<T: FromObj<'g>>(&self, names: &[&str]) -> Result<T> {
        match names.iter().find_map(|name| self.field(name)) {
            Some(field) => Ok(field.get()?),
            None => Err(self.missing(names)),
        }
    }

    /// The object behind an attribute, for values that need a closer look.
    pub(crate) fn raw(&self, name: &str) -> Result<Obj<'g>> {
        self.field(name).ok_or_else(|| self.missing(&[name]))
    }

    /// The object behind an attribute that may be absent or None.
    pub(crate) fn raw_opt(&self, name: &str) -> Option<Obj<'g>> {
        self.field(name)
    }

    /// A text parameter with a closed list of values; absent counts as `default`.
    pub(crate) fn choice<T: Copy>(&self, name: &str, default: Option<&str>, values: &[(&str, T)]) -> Result<T> {
        let field = self.field(name);
        let text = match (&field, default) {
            (Some(field), _) => field.get::<String>()?,
            (None, Some(default)) => default.to_owned(),
            (None, None) => return Err(self.missing(&[name])),
        };
        let found = values.iter().find(|(value, _)| *value == text);
        found.map(|&(_, meaning)| meaning).ok_or_else(|| {
            let known: Vec<&str> = values.iter().map(|&(value, _)| value).collect();
            let place = field.as_ref().unwrap_or(&self.obj);
            place
                .error(
                    FileErrorKind::Value,
                    format_args!("{name}='{}', expected one of {}", skpickle::printable(&text), known.join(", ")),
                )
                .into()
        })
    }

    /// A parameter that must be there and may hold anything: it plays no part in inference.
    pub(crate) fn ignored(&self, names: &[&str]) {
        for name in names {
            let _ = self.field(name);
        }
    }

    /// Refuses the object unless a condition holds that its parts must fulfil together.
    pub(crate) fn require(&self, condition: bool, message: impl fmt::Display) -> Result<()> {
        if condition { Ok(()) } else { Err(self.error(message)) }
    }

    /// A refusal that names this object.
    #[cold]
    #[inline(never)]
    pub(crate) fn error(&self, message: impl fmt::Display) -> Error {
        self.obj.error(FileErrorKind::Value, message).into()
    }

    /// The refusal of something that cannot be run here.
    #[cold]
    #[inline(never)]
    pub(crate) fn unsupported(&self, message: impl fmt::Display) -> Error {
        Error::unsupported(self.obj.error(FileErrorKind::Unsupported, message))
    }

    /// Says that the answer for a row depends on the other rows of its batch.
    pub(crate) fn answers_whole_batches(&self) {
        self.loader.whole.set(true);
    }

    /// Says that the answer for a row depends on the size of its batch.
    pub(crate) fn counts_rows(&self) {
        self.loader.counts.set(true);
    }

    /// Says what a row costs where a parameter decides it, and refuses the object when that is too much. What follows from the
    /// size of the fitted arrays is counted as they are read.
    pub(crate) fn row_cost(&self, steps: u64, bytes: u64) -> Result<()> {
        let row = self.loader.row.get();
        self.loader.row.set(RowCost { steps: row.steps.saturating_add(steps), bytes: row.bytes.saturating_add(bytes) });
        self.loader.check_row_cost(&self.obj)
    }

    /// `classes_` of a classifier with one output.
    pub(crate) fn classes(&self) -> Result<Array> {
        let field = self.raw("classes_")?;
        let classes: Array = field.get()?;
        if classes.shape().len() != 1 || classes.is_empty() {
            return Err(field.error(FileErrorKind::Value, "classes_ is not a 1-d array of at least one label").into());
        }
        let (longest, limit) = (classes.longest(), self.loader.graph.limits().label_bytes);
        if longest > limit {
            let message = format!("a label of {longest} bytes, more than {limit} (limit label_bytes)");
            return Err(field.error(FileErrorKind::Limit, message).into());
        }
        Ok(classes)
    }

    /// The estimator in an attribute.
    pub(crate) fn estimator(&self, name: &str) -> Result<Fitted> {
        self.load(&self.raw(name)?)
    }

    /// The estimators in an attribute: a list, a tuple, or an object array of any rank (in C order).
    pub(crate) fn estimators(&self, name: &str) -> Result<Vec<Fitted>> {
        let load = |s: &State<'_, 'g>, objects: &[Obj<'g>]| objects.iter().map(|obj| s.load(obj)).collect();
        let runs: Vec<Vec<Fitted>> = self.in_threads(&self.objects(name)?, load)?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// Does `work` for objects that are members of this one: for all of them, or for each of several runs in a thread of its own. What it
    /// makes of each run, in order; the first refusal where there are several.
    pub(crate) fn in_threads<T: Send>(
        &self,
        objects: &[Obj<'g>],
        work: impl Fn(&State<'_, 'g>, &[Obj<'g>]) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        match self.loader.runs(objects) {
            #[cfg(feature = "threads")]
            runs @ 2.. => self.side_by_side(objects, runs, work),
            _ => Ok(vec![work(self, objects)?]),
        }
    }

    /// [`State::in_threads`] in so many runs, the first one in this thread.
    #[cfg(feature = "threads")]
    fn side_by_side<T: Send>(
        &self,
        objects: &[Obj<'g>],
        runs: usize,
        work: impl Fn(&State<'_, 'g>, &[Obj<'g>]) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut runs = objects.chunks(objects.len().div_ceil(runs));
        let first = runs.next().unwrap_or_default();
        let (work, version) = (&work, self.version);
        thread::scope(|scope| {
            let start = |run| {
                let (loader, obj) = (self.loader.beside(), self.obj.clone());
                let work = move || {
                    let made = work(&State::of_version(&obj, &loader, version)?, run)?;
                    Result::Ok((made, loader))
                };
                (run, thread::Builder::new().spawn_scoped(scope, work))
            };
            let started: Vec<_> = runs.map(start).collect();
            let first = work(self, first);
            let others = started.into_iter().map(|(run, thread)| {
                // Without a thread, or when it did not come to its end, this one does the work.
                let Some(made) = thread.ok().and_then(|thread| thread.join().ok()) else { return work(self, run) };
                let (made, loader) = made?;
                self.loader.absorb(loader, &self.obj)?;
                Ok(made)
            });
            iter::once(first).chain(others).collect()
        })
    }

    /// The objects in an attribute: a list, a tuple, or an object array of any rank (in C order).
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Obj<'g>>> {
        let field = self.raw(name)?;
        Ok(match field.array() {
            Ok(array) => array.objects()?,
            Err(_) => field.items()?,
        })
    }

    /// Loads an estimator that was reached through some other object.
    pub(crate) fn load(&self, obj: &Obj<'_>) -> Result<Fitted> {
        self.loader.estimator(obj)
    }

    /// The state of a helper object in an attribute (a tree, a kernel, a loss).
    pub(crate) fn child(&self, name: &str) -> Result<State<'a, 'g>> {
        self.open(&self.raw(name)?)
    }

    /// The state of a helper object that was reached through some other object.
    pub(crate) fn open(&self, obj: &Obj<'g>) -> Result<State<'a, 'g>> {
        State::of_version(obj, self.loader, self.version)
    }

    /// `n_features_in_`, or what its predecessors were called.
    fn n_features_in(&self) -> Result<Option<usize>> {
        for name in ["n_features_in_", "n_features_"] {
            if let Some(field) = self.field(name) {
                // `n_features_` of RFE counts what is left: it has a `support_`.
                if name == "n_features_" && self.fields.get("support_").is_some() {
                    continue;
                }
                return Ok(field.get::<usize>().ok());
            }
        }
        Ok(None)
    }

    fn unread(&self) -> impl Iterator<Item = Cow<'g, str>> + '_ {
        self.fields.names().zip(&self.read).filter(|(_, read)| !read.get()).map(|(name, _)| name)
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

#[cfg(all(test, feature = "threads"))]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::{fs, path::Path};

    use ndarray::Array2;

    use crate::{Model, Samples};

    /// What can be asked of a model, or why it is refused.
    fn all_of(bytes: &[u8], threads: usize) -> String {
        let model = skpickle::load(bytes.to_vec(), &skpickle::Limits::default()).map_err(crate::Error::from);
        let model = match model.and_then(|graph| Model::from_graph_in_threads(&graph, None, threads)) {
            // In one thread from here on: how batches are answered is not what this is about.
            Ok(model) => model.with_threads(1),
            Err(e) => return e.to_string(),
        };
        let width = model.n_features_in().unwrap_or(4);
        let x = Samples::from(Array2::from_shape_fn((9, width), |(i, j)| ((i * 37 + j * 11) % 23) as f64 / 4.0 - 2.0));
        let answers: Vec<String> = model.methods().map(|method| format!("{:?}", model.call(method, &x))).collect();
        let (cost, unread, rows) = (model.row_cost(), model.unread(), model.is_row_wise());
        format!("{cost:?} {unread:?} {rows} {answers:?}")
    }

    #[test]
    fn members_that_are_loaded_in_threads_are_the_same_members() {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
        let (mut models, mut refused) = (0, 0);
        for package in ["ensemble", "multiclass", "multioutput"] {
            for case in fs::read_dir(testdata.join(package)).unwrap().flatten() {
                for version in ["0.20.4", "1.2.2", "1.9.1"] {
                    let Ok(bytes) = fs::read(case.path().join(format!("{version}.joblib"))) else { continue };
                    let (one, several) = (all_of(&bytes, 1), all_of(&bytes, 3));
                    assert!(one.starts_with("RowCost"), "{}: {one}", case.path().display());
                    assert_eq!(several, one, "{}", case.path().display());
                    models += 1;
                    for i in (0..40).filter(|_| models % 7 == 0) {
                        let mut damaged = bytes.clone();
                        let at = damaged.len() * i / 40;
                        damaged[at] ^= 0x55;
                        let (one, several) = (all_of(&damaged, 1), all_of(&damaged, 3));
                        assert_eq!(several, one, "{}, byte {at} changed", case.path().display());
                        refused += usize::from(!one.starts_with("RowCost"));
                    }
                }
            }
        }
        assert!(models > 100 && refused > 100, "{models} models, {refused} refused");
    }
}
