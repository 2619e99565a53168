//! `sklearn.neighbors._classification`: `KNeighborsClassifier`, `RadiusNeighborsClassifier`.

use ndarray::Array2;

use super::{
    base::{Found, Neighbors, Weights, check_weights},
    order::sum,
};
use crate::{
    data::{Array, Output, Samples, Value},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    state::State,
    validation::{Door, check_array},
};

/// The labels of the fitted samples.
struct Labels {
    /// One array an output.
    classes: Vec<Array>,
    /// Index of the class of each sample, output by output.
    y: Vec<Vec<usize>>,
    /// Whether there were several outputs, or one in a column (`outputs_2d_`).
    many: bool,
}

impl Labels {
    fn load(s: &State<'_, '_>, fitted: usize) -> Result<Labels> {
        let many = s.opt::<bool>("outputs_2d_")?.unwrap_or(false);
        let classes = if many {
            let arrays: skpickle::Result<Vec<Array>> = s.objects("classes_")?.iter().map(|obj| obj.get()).collect();
            arrays?
        } else {
            vec![s.classes()?]
        };
        let plain = |classes: &Array| classes.shape().len() == 1 && !classes.is_empty();
        s.require(!classes.is_empty() && classes.iter().all(plain), "classes_ are not 1-d arrays of labels")?;
        let field = s.raw("_y")?;
        let array = field.array()?;
        let shape = array.shape();
        let outputs = shape.get(1).copied().unwrap_or(1);
        s.require(
            shape.len() <= 2 && shape.first() == Some(&fitted) && outputs == classes.len(),
            format_args!("_y has the shape {shape:?}, expected {fitted} samples and {} outputs", classes.len()),
        )?;
        let values = array.i64s()?;
        let mut y = vec![Vec::with_capacity(fitted); outputs];
        for (i, &value) in values.iter().enumerate() {
            let k = i % outputs;
            let index = usize::try_from(value).ok().filter(|&index| index < classes[k].len());
            y[k].push(index.ok_or_else(|| {
                s.error(format_args!(
                    "_y holds the class {value} of output {k}, which has {} classes",
                    classes[k].len()
                ))
            })?);
        }
        Ok(Labels { classes, y, many })
    }

    fn names(&self) -> Classes<'_> {
        match (self.many, self.classes.first()) {
            (false, Some(classes)) => Classes::One(classes),
            _ => Classes::Many(&self.classes),
        }
    }

    /// The labels at `indices` (output by output) of the classes or of what stands in for them.
    fn pick(&self, classes: &[Array], indices: &[Vec<usize>]) -> Result<Array> {
        let columns: Vec<Array> = classes.iter().zip(indices).map(|(classes, indices)| classes.take(indices)).collect();
        match columns.into_iter().collect::<Vec<_>>() {
            mut columns if !self.many => columns.pop().ok_or_else(|| Error::input("the model has no classes")),
            columns => {
                Array::columns(&columns).ok_or_else(|| Error::input("the outputs have labels of different types"))
            }
        }
    }

    fn probabilities(&self, outputs: Vec<Array2<f64>>) -> Output {
        let mut arrays: Vec<Array> = outputs.into_iter().map(Array::from).collect();
        match arrays.pop() {
            Some(only) if !self.many => Output::Array(only),
            last => Output::Arrays(arrays.into_iter().chain(last).collect()),
        }
    }
}

struct KNeighborsClassifier {
    neighbors: Neighbors,
    k: usize,
    weights: Weights,
    labels: Labels,
    version: (u32, u32),
}

pub(crate) fn load_k(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let k = neighbors.need_k(s)?;
    let labels = Labels::load(s, neighbors.fitted())?;
    let weights = Weights::load(s)?;
    if s.version() >= (1, 3) && matches!(weights, Weights::Uniform) {
        require_one_p(s, &neighbors)?;
    }
    Ok(Box::new(KNeighborsClassifier { k, weights, labels, version: s.version(), neighbors }))
}

impl KNeighborsClassifier {
    /// Votes for each class of an output.
    fn votes(&self, output: usize, neighbors: &[usize], weights: Option<&[f64]>) -> Vec<f64> {
        let mut votes = vec![0.0; self.labels.classes[output].len()];
        for (j, &i) in neighbors.iter().enumerate() {
            votes[self.labels.y[output][i]] += weights.map_or(1.0, |weights| weights[j]);
        }
        votes
    }

    /// `weighted_mode`: the first class whose weights among the neighbours are the most, and more than nothing.
    fn mode(&self, output: usize, neighbors: &[usize], weights: Option<&[f64]>) -> usize {
        let y = &self.labels.y[output];
        let votes = match weights {
            None => self.votes(output, neighbors, None),
            Some(weights) => {
                let mut mine = Vec::with_capacity(neighbors.len());
                let votes = (0..self.labels.classes[output].len()).map(|class| {
                    mine.clear();
                    mine.extend(neighbors.iter().zip(weights).map(|(&i, w)| if y[i] == class { *w } else { 0.0 * w }));
                    sum(&mine)
                });
                votes.collect()
            }
        };
        let most =
            |best: (usize, f64), (class, &votes): (usize, &f64)| if votes > best.1 { (class, votes) } else { best };
        votes.iter().enumerate().fold((0, 0.0), most).0
    }
}

impl Estimator for KNeighborsClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::Kneighbors, Method::KneighborsIndices])
    }

    fn door(&self, _: Method) -> Door {
        self.neighbors.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    fn classes(&self) -> Classes<'_> {
        self.labels.names()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let found = self.neighbors.kneighbors(x, self.k)?;
        let mut indices = vec![Vec::with_capacity(found.len()); self.labels.classes.len()];
        for (distances, neighbors) in &found {
            let weights = self.weights.of(distances);
            check_weights(weights.as_deref(), self.version)?;
            for (output, indices) in indices.iter_mut().enumerate() {
                indices.push(self.mode(output, neighbors, weights.as_deref()));
            }
        }
        self.labels.pick(&self.labels.classes, &indices)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let found = self.neighbors.kneighbors(x, self.k)?;
        let classes = self.labels.classes.iter();
        let mut out: Vec<Array2<f64>> = classes.map(|classes| Array2::zeros((found.len(), classes.len()))).collect();
        for (row, (distances, neighbors)) in found.iter().enumerate() {
            let weights = self.weights.of(distances);
            check_weights(weights.as_deref(), self.version)?;
            for (output, out) in out.iter_mut().enumerate() {
                let votes = self.votes(output, neighbors, weights.as_deref());
                let total = normalizer(&votes, self.version < (1, 3));
                out.row_mut(row).iter_mut().zip(votes).for_each(|(out, votes)| *out = votes / total);
            }
        }
        Ok(self.labels.probabilities(out))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.neighbors.part(method, x)
    }
}

/// The sum of the votes; 1 in place of 0 where `guarded`.
fn normalizer(votes: &[f64], guarded: bool) -> f64 {
    match sum(votes) {
        0.0 if guarded => 1.0,
        total => total,
    }
}

struct RadiusNeighborsClassifier {
    neighbors: Neighbors,
    radius: f64,
    weights: Weights,
    labels: Labels,
    outliers: Option<Outliers>,
    /// Where `RadiusNeighborsClassMode` counts classes: that of samples without neighbours.
    counted: Option<Option<usize>>,
    /// Since 0.22.
    proba: bool,
}

/// What becomes of samples without neighbours.
struct Outliers {
    /// The classes of each output, with the label of outliers at the end.
    labels: Vec<Array>,
    /// Where that label is among the classes.
    known: Vec<Option<usize>>,
}

pub(crate) fn load_radius(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let radius = neighbors.need_radius(s)?;
    let labels = Labels::load(s, neighbors.fitted())?;
    let outliers = Outliers::load(s, &labels.classes)?;
    let proba = s.version() >= (0, 22);
    let weights = Weights::load(s)?;
    let counts = s.version() >= (1, 4) && matches!(weights, Weights::Uniform) && !labels.many;
    let counted = labels.classes.first().filter(|_| counts).map(|classes| counted_outlier(s, classes));
    if counts {
        require_one_p(s, &neighbors)?;
    }
    Ok(Box::new(RadiusNeighborsClassifier { radius, weights, labels, outliers, counted, proba, neighbors }))
}

/// The class that `RadiusNeighborsClassMode` gives to samples without neighbours. It looks for `outlier_label`, as the parameter has it,
/// among whole numbers alone: until 1.8 the labels, since 1.9 their places.
fn counted_outlier(s: &State<'_, '_>, classes: &Array) -> Option<usize> {
    let label = whole(&s.raw_opt("outlier_label")?.get::<skpickle::Scalar>().ok()?.into())?;
    if s.version() >= (1, 9) {
        return usize::try_from(label).ok().filter(|&place| place < classes.len());
    }
    (0..classes.len()).find(|&i| classes.value(i).is_some_and(|class| whole(&class) == Some(label)))
}

/// Refuses a model whose neighbours are found with one `p` and counted with another, which came with the counting of classes.
fn require_one_p(s: &State<'_, '_>, neighbors: &Neighbors) -> Result<()> {
    let minkowski =
        s.raw_opt("metric").and_then(|metric| metric.get::<String>().ok()).is_some_and(|m| m == "minkowski");
    let Some(p) = s.raw_opt("metric_params").and_then(|params| params.entry("p").ok()?.get::<f64>().ok()) else {
        return Ok(());
    };
    let own = s.opt::<f64>("p")?.unwrap_or(2.0);
    if minkowski && neighbors.is_brute() && own != 2.0 && own != p {
        return Err(s.unsupported(format_args!(
            "p={own} and metric_params={{'p': {p}}} differ: this version of scikit-learn finds neighbors with one and counts classes \
             with the other"
        )));
    }
    Ok(())
}

impl Outliers {
    fn load(s: &State<'_, '_>, classes: &[Array]) -> Result<Option<Outliers>> {
        // Up to 0.21 the parameter itself.
        let field =
            s.raw_opt("outlier_label_").or_else(|| s.raw_opt("outlier_label").filter(|_| s.version() < (0, 22)));
        let Some(field) = field else { return Ok(None) };
        let values: Vec<Value> = match field.get::<Array>() {
            Ok(array) => (0..array.len()).filter_map(|i| array.value(i)).collect(),
            Err(_) => vec![field.get::<skpickle::Scalar>()?.into()],
        };
        s.require(
            values.len() == classes.len() || values.len() == 1,
            format_args!("{} labels of outliers for {} outputs", values.len(), classes.len()),
        )?;
        let (mut labels, mut known) = (Vec::new(), Vec::new());
        for (k, classes) in classes.iter().enumerate() {
            let label = values.get(k).or(values.first()).cloned().unwrap_or(Value::None);
            let extended = extend(classes, &label);
            let extended =
                extended.ok_or_else(|| s.error("the label of outliers is not of the type of the classes"))?;
            let last = extended.value(classes.len());
            known.push((0..classes.len()).find(|&i| extended.value(i) == last));
            labels.push(extended);
        }
        Ok(Some(Outliers { labels, known }))
    }
}

/// The labels with one more at the end.
fn extend(classes: &Array, label: &Value) -> Option<Array> {
    let n = classes.len();
    let values = (0..n).filter_map(|i| classes.value(i)).chain([label.clone()]);
    Some(match classes {
        Array::I64(_) => Array::from(values.map(|value| whole(&value)).collect::<Option<Vec<i64>>>()?),
        Array::F64(_) => Array::from(values.map(|value| number(&value)).collect::<Option<Vec<f64>>>()?),
        Array::Bool(_) => {
            Array::from(values.map(|value| whole(&value).map(|n| n != 0)).collect::<Option<Vec<bool>>>()?)
        }
        Array::Str(_) => {
            let text = |value| match value {
                Value::Str(text) => Some(text.to_string()),
                _ => None,
            };
            Array::from(values.map(text).collect::<Option<Vec<String>>>()?)
        }
        Array::Object(_) => Array::from(values.collect::<Vec<Value>>()),
        _ => return None,
    })
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(*x as i64),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        _ => None,
    }
}

impl RadiusNeighborsClassifier {
    fn found(&self, x: &Samples) -> Result<Found> {
        let found = self.neighbors.radius_neighbors(x, self.radius)?;
        if self.outliers.is_none() {
            let alone: Vec<String> =
                (0..found.len()).filter(|&i| found[i].1.is_empty()).map(|i| i.to_string()).collect();
            if !alone.is_empty() {
                return Err(Error::input(format_args!(
                    "No neighbors found for test samples array([{}]), you can try using larger radius, giving a label for \
                     outliers, or considering removing them from your dataset.",
                    alone.join(", ")
                )));
            }
        }
        Ok(found)
    }

    fn shares(&self, x: &Samples) -> Result<Vec<Array2<f64>>> {
        if self.counted.is_some() && !self.neighbors.counts_classes(x) {
            check_array("RadiusNeighborsClassifier", None, Door::NUMERIC.sparse().keep32(), x)?;
        }
        let found = self.found(x)?;
        let known = |output: usize| match self.counted {
            Some(class) if self.neighbors.counts_classes(x) => class,
            _ => self.outliers.as_ref().and_then(|outliers| outliers.known[output]),
        };
        let classes = self.labels.classes.iter();
        let mut out: Vec<Array2<f64>> = classes.map(|classes| Array2::zeros((found.len(), classes.len()))).collect();
        for (row, (distances, neighbors)) in found.iter().enumerate() {
            let weights = self.weights.of(distances);
            for (output, out) in out.iter_mut().enumerate() {
                let mut out = out.row_mut(row);
                for (j, &i) in neighbors.iter().enumerate() {
                    out[self.labels.y[output][i]] += weights.as_ref().map_or(1.0, |weights| weights[j]);
                }
                if neighbors.is_empty()
                    && let Some(class) = known(output)
                {
                    out[class] = 1.0;
                }
                let total = normalizer(&out.to_vec(), true);
                out.mapv_inplace(|votes| votes / total);
            }
        }
        Ok(out)
    }
}

impl Estimator for RadiusNeighborsClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::RadiusNeighbors, Method::RadiusNeighborsIndices])
            .with_if(self.proba, Method::PredictProba)
    }

    fn door(&self, method: Method) -> Door {
        let door = self.neighbors.door();
        // Where classes are counted nothing looks for NaN, which is far from everything.
        let counts = self.counted.is_some() && matches!(method, Method::Predict | Method::PredictProba);
        if counts && self.neighbors.may_count_classes() { door.any_value() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    fn classes(&self) -> Classes<'_> {
        self.labels.names()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let shares = self.shares(x)?;
        let mut indices = Vec::with_capacity(shares.len());
        for shares in &shares {
            let most =
                |best: (usize, f64), (class, &share): (usize, &f64)| if share > best.1 { (class, share) } else { best };
            let outlier = shares.ncols();
            let pick = shares.rows().into_iter().map(|row| {
                if self.outliers.is_some() && row.iter().all(|&share| share == 0.0) {
                    outlier
                } else {
                    row.iter().enumerate().fold((0, f64::NEG_INFINITY), most).0
                }
            });
            indices.push(pick.collect());
        }
        let classes = self.outliers.as_ref().map_or(&self.labels.classes, |outliers| &outliers.labels);
        self.labels.pick(classes, &indices)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.labels.probabilities(self.shares(x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.neighbors.part(method, x)
    }
}
