//! Distances: `sklearn.metrics.DistanceMetric`, and those of `pairwise_distances` that it does not have.

use skpickle::{Kind, Obj};

use crate::{
    data::Samples,
    error::{Error, Result},
    math::{
        Matrix, dot,
        norms::{Einsum, nan_euclidean},
    },
    state::State,
    wording::{Age, Speaker},
};

/// A distance between two rows of numbers.
#[derive(Debug, Clone)]
pub(crate) enum Metric {
    Euclidean,
    SqEuclidean,
    Manhattan,
    Chebyshev,
    /// `sum(w |x - y|^p)^(1/p)`.
    Minkowski {
        p: f64,
        w: Option<Vec<f64>>,
    },
    /// `sum((w |x - y|)^p)^(1/p)` (before 1.3).
    WMinkowski {
        p: f64,
        w: Vec<f64>,
    },
    SEuclidean {
        v: Vec<f64>,
    },
    Mahalanobis {
        vi: Matrix,
    },
    Canberra,
    /// Over `|x| + |y|` (scikit-learn) or over `|x + y|` (scipy).
    BrayCurtis {
        scipy: bool,
    },
    Hamming,
    Haversine,
    Cosine,
    Correlation,
    NanEuclidean(Einsum),
    /// Of two rows of bools, from how often both, one and none are true.
    Bools(Bools),
    /// The samples are distances already.
    Precomputed,
}

/// Distances of bools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bools {
    Jaccard,
    /// That of 0.19 and older: NaN, rather than 0, between rows without a true value.
    OldJaccard,
    Matching,
    Dice,
    Kulsinski,
    RogersTanimoto,
    RussellRao,
    SokalMichener,
    SokalSneath,
    Yule,
    /// NaN, rather than 0, where one is all true or all false, as older scipy had it.
    OldYule,
}

impl Metric {
    /// `effective_metric_` with `effective_metric_params_`, for samples of `width` columns.
    pub(crate) fn load(s: &State<'_, '_>, width: usize) -> Result<Metric> {
        let field = match s.raw_opt("effective_metric_") {
            Some(field) => field,
            None => s.raw("metric")?,
        };
        if field.kind() != Kind::Str {
            return Err(foreign(s, &field));
        }
        let name: String = field.get()?;
        let params = s.raw_opt("effective_metric_params_").or_else(|| s.raw_opt("metric_params"));
        let param = |name: &str| match &params {
            Some(params) if params.kind() == Kind::Dict => params.entry(name).ok().filter(|value| !value.is_none()),
            _ => None,
        };
        let vector = |name: &str| -> Result<Option<Vec<f64>>> {
            let Some(value) = param(name) else { return Ok(None) };
            let values = vector_of(&value)?;
            s.require(
                values.len() == width,
                format_args!("{name} of the metric has {} values, not {width}", values.len()),
            )?;
            Ok(Some(values))
        };
        let p = || -> Result<f64> {
            let p = match param("p") {
                Some(p) => p.get()?,
                None => s.opt::<f64>("p")?.unwrap_or(2.0),
            };
            s.require(p > 0.0, format_args!("p={p} of the metric, expected more than 0"))?;
            Ok(p)
        };
        let need =
            |name: &str| s.error(format_args!("the metric needs {name}, which is not in effective_metric_params_"));
        Ok(match name.as_str() {
            "euclidean" | "l2" => Metric::Euclidean,
            "sqeuclidean" => Metric::SqEuclidean,
            "manhattan" | "l1" | "cityblock" => Metric::Manhattan,
            "chebyshev" | "infinity" => Metric::Chebyshev,
            "minkowski" | "p" => minkowski(p()?, vector("w")?),
            "wminkowski" => Metric::WMinkowski { p: p()?, w: vector("w")?.ok_or_else(|| need("w"))? },
            "seuclidean" => Metric::SEuclidean { v: vector("V")?.ok_or_else(|| need("V"))? },
            "mahalanobis" => {
                let vi: Matrix = param("VI").ok_or_else(|| need("VI"))?.get()?;
                s.require(
                    vi.rows == width && vi.columns == width,
                    format_args!("VI of the metric is not {width} x {width}"),
                )?;
                Metric::Mahalanobis { vi }
            }
            "canberra" => Metric::Canberra,
            "braycurtis" => Metric::BrayCurtis { scipy: s.version() < (1, 1) },
            "hamming" => Metric::Hamming,
            "haversine" => {
                s.require(width == 2, format_args!("haversine distances are of 2 columns, not of {width}"))?;
                Metric::Haversine
            }
            "cosine" => Metric::Cosine,
            "correlation" => Metric::Correlation,
            "nan_euclidean" => Metric::NanEuclidean(Einsum::of(s.version())),
            "jaccard" => Metric::Bools(Bools::jaccard(s.version())),
            "matching" => Metric::Bools(Bools::Matching),
            "dice" => Metric::Bools(Bools::Dice),
            "kulsinski" => Metric::Bools(Bools::Kulsinski),
            "rogerstanimoto" => Metric::Bools(Bools::RogersTanimoto),
            "russellrao" => Metric::Bools(Bools::RussellRao),
            "sokalmichener" => Metric::Bools(Bools::SokalMichener),
            "sokalsneath" => Metric::Bools(Bools::SokalSneath),
            "yule" => Metric::Bools(if s.version() < (0, 24) { Bools::OldYule } else { Bools::Yule }),
            "precomputed" => Metric::Precomputed,
            other => {
                let name = skpickle::printable(other);
                return Err(s.error(format_args!("the metric '{name}' is not known")));
            }
        })
    }

    /// The pickled `DistanceMetric` of a tree: `newObj(cls)` with the state `(p, vec, mat)`.
    pub(crate) fn of_tree(s: &State<'_, '_>, obj: &Obj<'_>, width: usize) -> Result<Metric> {
        let args = obj.args()?;
        let class = args.first().and_then(Obj::global).or_else(|| obj.class());
        let class = class.ok_or_else(|| obj.expected("a DistanceMetric"))?;
        let name = class.name.strip_suffix("64").unwrap_or(class.name);
        let state = obj.state().ok_or_else(|| obj.expected("a DistanceMetric with its state"))?.items()?;
        let [p, vec, mat, ..] = state.as_slice() else {
            return Err(obj.expected("a DistanceMetric with p, vec and mat").into());
        };
        let exponent = || -> Result<f64> {
            let p: f64 = p.get()?;
            s.require(p > 0.0, format_args!("p={p} of the metric, expected more than 0"))?;
            Ok(p)
        };
        let vector = || -> Result<Vec<f64>> {
            let values = vector_of(vec)?;
            s.require(values.len() == width, format_args!("the metric has {} weights, not {width}", values.len()))?;
            Ok(values)
        };
        Ok(match name {
            "EuclideanDistance" => Metric::Euclidean,
            "ManhattanDistance" => Metric::Manhattan,
            "ChebyshevDistance" => Metric::Chebyshev,
            "MinkowskiDistance" => {
                // Without weights there is nothing, or one zero.
                let weights = vector_of(vec)?;
                let none = weights.is_empty() || weights == [0.0];
                minkowski(exponent()?, if none { None } else { Some(vector()?) })
            }
            "WMinkowskiDistance" => Metric::WMinkowski { p: exponent()?, w: vector()? },
            "SEuclideanDistance" => Metric::SEuclidean { v: vector()? },
            "MahalanobisDistance" => {
                let vi: Matrix = mat.get()?;
                s.require(
                    vi.rows == width && vi.columns == width,
                    format_args!("the metric's matrix is not {width} x {width}"),
                )?;
                Metric::Mahalanobis { vi }
            }
            "CanberraDistance" => Metric::Canberra,
            "BrayCurtisDistance" => Metric::BrayCurtis { scipy: false },
            "HammingDistance" => Metric::Hamming,
            "HaversineDistance" => {
                s.require(width == 2, format_args!("haversine distances are of 2 columns, not of {width}"))?;
                Metric::Haversine
            }
            "JaccardDistance" => Metric::Bools(Bools::jaccard(s.version())),
            "MatchingDistance" => Metric::Bools(Bools::Matching),
            "DiceDistance" => Metric::Bools(Bools::Dice),
            "KulsinskiDistance" => Metric::Bools(Bools::Kulsinski),
            "RogersTanimotoDistance" => Metric::Bools(Bools::RogersTanimoto),
            "RussellRaoDistance" => Metric::Bools(Bools::RussellRao),
            "SokalMichenerDistance" => Metric::Bools(Bools::SokalMichener),
            "SokalSneathDistance" => Metric::Bools(Bools::SokalSneath),
            _ => {
                let name = skpickle::printable(class.name);
                return Err(s.unsupported(format_args!(
                    "the metric {name} is a function of its own, whose code is not in the file"
                )));
            }
        })
    }

    /// The exponent of those that a k-d tree can be built for.
    pub(crate) fn exponent(&self) -> Option<f64> {
        match self {
            Metric::Euclidean => Some(2.0),
            Metric::Manhattan => Some(1.0),
            Metric::Chebyshev => Some(f64::INFINITY),
            Metric::Minkowski { p, .. } => Some(*p),
            _ => None,
        }
    }

    /// Weight of a column within the sum of powers.
    pub(crate) fn weight(&self, column: usize) -> f64 {
        match self {
            Metric::Minkowski { w: Some(w), .. } => w[column],
            _ => 1.0,
        }
    }

    /// Whether `ArgKmin` and `RadiusNeighbors` take it (since 1.1).
    pub(crate) fn reducible(&self) -> bool {
        !matches!(
            self,
            Metric::Mahalanobis { .. }
                | Metric::Hamming
                | Metric::Cosine
                | Metric::Correlation
                | Metric::NanEuclidean(_)
                | Metric::Bools(_)
                | Metric::Precomputed
        )
    }

    /// Refuses sparse samples where the distance is scipy's, which takes none.
    pub(crate) fn check_sparse(&self, x: &Samples, version: (u32, u32)) -> Result<()> {
        let own = match self {
            Metric::NanEuclidean(_) if matches!(x, Samples::Sparse(_)) => {
                let speaker = Speaker { key: "", class: "", age: Age::of(version), named: false };
                return Err(Error::input_type(speaker.sparse()));
            }
            Metric::Mahalanobis { .. } | Metric::Hamming | Metric::Correlation | Metric::Bools(_) => false,
            Metric::SqEuclidean => version >= (1, 3),
            Metric::Chebyshev
            | Metric::Minkowski { .. }
            | Metric::WMinkowski { .. }
            | Metric::SEuclidean { .. }
            | Metric::Canberra
            | Metric::BrayCurtis { .. } => version >= (1, 2),
            _ => true,
        };
        match x {
            Samples::Sparse(_) if !own => Err(Error::input_type(
                "scipy distance metrics do not support sparse matrices.\nGive dense samples to this metric.",
            )),
            _ => Ok(()),
        }
    }

    /// What grows with the distance and is quicker to compute: its square, the sum of its powers.
    pub(crate) fn reduced(&self, x: &[f64], y: &[f64]) -> f64 {
        let pairs = x.iter().zip(y);
        match self {
            Metric::Euclidean | Metric::SqEuclidean => pairs.map(|(a, b)| (a - b) * (a - b)).sum(),
            Metric::Manhattan => pairs.map(|(a, b)| (a - b).abs()).sum(),
            Metric::Chebyshev => pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())),
            Metric::Minkowski { p, w: None } => pairs.map(|(a, b)| (a - b).abs().powf(*p)).sum(),
            Metric::Minkowski { p, w: Some(w) } => pairs.zip(w).map(|((a, b), w)| w * (a - b).abs().powf(*p)).sum(),
            Metric::WMinkowski { p, w } => pairs.zip(w).map(|((a, b), w)| (w * (a - b).abs()).powf(*p)).sum(),
            Metric::SEuclidean { v } => pairs.zip(v).map(|((a, b), v)| (a - b) * (a - b) / v).sum(),
            Metric::Mahalanobis { vi } => {
                let d: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
                d.iter().enumerate().map(|(i, d_i)| d_i * dot(&d, vi.row(i))).sum()
            }
            Metric::Canberra => pairs
                .map(|(a, b)| {
                    let denominator = a.abs() + b.abs();
                    if denominator > 0.0 { (a - b).abs() / denominator } else { 0.0 }
                })
                .sum(),
            Metric::BrayCurtis { scipy } => {
                let mut parts = (0.0, 0.0);
                for (a, b) in pairs {
                    parts.0 += (a - b).abs();
                    parts.1 += if *scipy { (a + b).abs() } else { a.abs() + b.abs() };
                }
                if parts.1 == 0.0 && !scipy { 0.0 } else { parts.0 / parts.1 }
            }
            Metric::Hamming => pairs.filter(|(a, b)| a != b).count() as f64 / x.len() as f64,
            Metric::Haversine => {
                let (sin0, sin1) = ((0.5 * (x[0] - y[0])).sin(), (0.5 * (x[1] - y[1])).sin());
                sin0 * sin0 + x[0].cos() * y[0].cos() * sin1 * sin1
            }
            Metric::Cosine => cosine(x, y),
            Metric::Correlation => {
                let centred = |x: &[f64]| {
                    let mean = x.iter().sum::<f64>() / x.len() as f64;
                    x.iter().map(|v| v - mean).collect::<Vec<f64>>()
                };
                let (x, y) = (centred(x), centred(y));
                let distance = 1.0 - dot(&x, &y) / (dot(&x, &x).sqrt() * dot(&y, &y).sqrt());
                // NaN where a row is constant.
                if distance < 0.0 { 0.0 } else { distance }
            }
            Metric::NanEuclidean(einsum) => nan_euclidean(x, y, *einsum),
            Metric::Bools(kind) => kind.distance(x, y),
            Metric::Precomputed => f64::NAN,
        }
    }

    /// Whether it is the Euclidean distance or its square.
    pub(crate) fn is_euclidean(&self) -> bool {
        matches!(self, Metric::Euclidean | Metric::SqEuclidean)
    }

    /// The distance from its reduced form.
    pub(crate) fn distance(&self, reduced: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::SEuclidean { .. } | Metric::Mahalanobis { .. } | Metric::NanEuclidean(_) => {
                reduced.sqrt()
            }
            Metric::Minkowski { p, .. } | Metric::WMinkowski { p, .. } => reduced.powf(1.0 / p),
            Metric::Haversine => 2.0 * reduced.sqrt().asin(),
            _ => reduced,
        }
    }

    /// The reduced form of a distance.
    pub(crate) fn reduce(&self, distance: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::SEuclidean { .. } | Metric::Mahalanobis { .. } | Metric::NanEuclidean(_) => {
                distance * distance
            }
            Metric::Minkowski { p, .. } | Metric::WMinkowski { p, .. } => distance.powf(*p),
            Metric::Haversine => (0.5 * distance).sin().powi(2),
            _ => distance,
        }
    }
}

fn minkowski(p: f64, w: Option<Vec<f64>>) -> Metric {
    match w {
        Some(w) if p.is_finite() => Metric::Minkowski { p, w: Some(w) },
        _ if p == 1.0 => Metric::Manhattan,
        _ if p == 2.0 => Metric::Euclidean,
        _ if p.is_infinite() => Metric::Chebyshev,
        _ => Metric::Minkowski { p, w: None },
    }
}

fn vector_of(obj: &Obj<'_>) -> Result<Vec<f64>> {
    Ok(match obj.array() {
        Ok(array) => array.f64s()?.to_vec(),
        Err(_) => obj.get()?,
    })
}

/// The refusal of a metric that is not a name.
fn foreign(s: &State<'_, '_>, field: &Obj<'_>) -> Error {
    let name = field.global().or_else(|| field.class());
    let name =
        name.map_or_else(|| field.describe(), |name| skpickle::printable(&format!("{}.{}", name.module, name.name)));
    s.unsupported(format_args!("the metric is the function {name}, whose code is not in the file; only metrics that are named by a text can be run"))
}

fn cosine(x: &[f64], y: &[f64]) -> f64 {
    let norm = |x: &[f64]| match dot(x, x).sqrt() {
        0.0 => 1.0,
        norm => norm,
    };
    let (norm_x, norm_y) = (norm(x), norm(y));
    let product: f64 = x.iter().zip(y).map(|(a, b)| (a / norm_x) * (b / norm_y)).sum();
    (1.0 - product).clamp(0.0, 2.0)
}

impl Bools {
    fn jaccard(version: (u32, u32)) -> Bools {
        if version < (0, 20) { Bools::OldJaccard } else { Bools::Jaccard }
    }

    fn distance(self, x: &[f64], y: &[f64]) -> f64 {
        let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
        for (&a, &b) in x.iter().zip(y) {
            match (a != 0.0, b != 0.0) {
                (true, true) => both += 1.0,
                (true, false) => first += 1.0,
                (false, true) => second += 1.0,
                (false, false) => {}
            }
        }
        let n = x.len() as f64;
        let unequal = first + second;
        let neither = n - both - unequal;
        let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
        match self {
            Bools::OldJaccard => unequal / (both + unequal),
            Bools::Jaccard => ratio(unequal, both + unequal),
            Bools::Matching => unequal / n,
            // Nothing is divided by nothing where no value is true: NaN, which no neighbour's distance is.
            Bools::Dice => unequal / (2.0 * both + unequal),
            Bools::Kulsinski => (unequal - both + n) / (unequal + n),
            Bools::RogersTanimoto | Bools::SokalMichener => 2.0 * unequal / (n + unequal),
            Bools::RussellRao => (n - both) / n,
            Bools::SokalSneath => unequal / (unequal + 0.5 * both),
            Bools::OldYule => 2.0 * first * second / (both * neither + first * second),
            Bools::Yule => ratio(2.0 * first * second, both * neither + first * second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_true_value_have_no_distance_by_some_metrics() {
        let (none, some) = ([0.0; 3], [1.0, 0.0, 1.0]);
        for kind in [Bools::OldJaccard, Bools::Dice, Bools::SokalSneath] {
            assert!(kind.distance(&none, &none).is_nan());
            assert_eq!(kind.distance(&none, &some), 1.0);
        }
        assert_eq!(Bools::Jaccard.distance(&none, &none), 0.0);
    }

    #[test]
    fn sparse_samples_are_refused_where_the_distance_is_scipys() -> Result<()> {
        let x = Samples::Sparse(crate::data::Csr::from_dense(&ndarray::array![[1.0]]));
        assert!(Metric::Chebyshev.check_sparse(&x, (1, 1)).is_err());
        assert!(Metric::Hamming.check_sparse(&x, (1, 9)).is_err());
        Metric::Chebyshev.check_sparse(&x, (1, 2))?;
        Metric::Manhattan.check_sparse(&x, (0, 18))
    }
}
