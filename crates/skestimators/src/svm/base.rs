//! `sklearn.svm._base`: the decision functions of libsvm.

use std::{borrow::Cow, cell::Cell, ops::Range};

use ndarray::{Array2, Axis};
use skpickle::{ErrorKind, Kind};

use super::{
    batch::{KernelValues, LANES, add, add_abreast},
    kernel::{Kernel, Vectors, in_order},
};
use crate::{
    data::{Array, Csr, Samples},
    error::{Error, Result},
    math::{
        Matrix,
        wide::{Wide, not_finite, wide},
    },
    state::State,
    validation::Door,
};

/// Support vectors with their coefficients: one decision function, or one for each pair of classes.
pub(crate) struct Machine {
    class: String,
    kernel: Kernel,
    vectors: Vectors,
    /// One row for regression, one less than there are classes otherwise.
    dual_coef: Matrix,
    /// One value for each decision function.
    intercept: Vec<f64>,
    /// Where the support vectors of each class start, and where the last ones end.
    starts: Vec<usize>,
    n_features: usize,
    /// Whether a wrong width is refused in the words of the versions before 1.0.
    old_words: bool,
}

/// What becomes of decisions.
pub(crate) trait Visit {
    /// Takes libsvm's decisions for some samples, each of which has a lane; what is in the other lanes says nothing.
    fn group<const L: usize>(&mut self, samples: Range<usize>, decisions: &[[f64; L]]);
}

/// One sample after the other.
struct Rows<'a> {
    visit: &'a mut dyn FnMut(usize, &[f64]),
    row: Vec<f64>,
}

impl Visit for Rows<'_> {
    fn group<const L: usize>(&mut self, samples: Range<usize>, decisions: &[[f64; L]]) {
        if L == 1 {
            return (self.visit)(samples.start, decisions.as_flattened());
        }
        for (lane, sample) in samples.enumerate() {
            self.row.clear();
            self.row.extend(decisions.iter().map(|decision| decision[lane]));
            (self.visit)(sample, &self.row);
        }
    }
}

thread_local! {
    /// Kernel values and decisions, kept from one call to the next.
    static SCRATCH: Cell<(Vec<f64>, Vec<[f64; 1]>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Loads the machine of a classifier with so many classes, or of a regressor without classes.
pub(crate) fn load(s: &State<'_, '_>, classes: Option<usize>) -> Result<Machine> {
    let kernel = kernel(s)?;
    let (n_samples, n_features) = shape_fit(s)?;
    let vectors = vectors(s, kernel, n_samples, n_features)?;
    let n_vectors = vectors.len();
    let dual_coef: Matrix = s.get("_dual_coef_")?;
    let functions = classes.map_or(1, |k| k.saturating_sub(1));
    // Without any vector, scipy makes a sparse matrix of one row.
    s.require(
        dual_coef.columns == n_vectors && (dual_coef.rows == functions || n_vectors == 0),
        format_args!(
            "_dual_coef_ has shape ({}, {}), expected ({functions}, {n_vectors}) for support_vectors_",
            dual_coef.rows, dual_coef.columns
        ),
    )?;
    let intercept: Vec<f64> = s.raw("_intercept_")?.array()?.f64s()?.to_vec();
    let pairs = classes.map_or(Some(1), pairs);
    s.require(pairs == Some(intercept.len()), format_args!("_intercept_ has {} values", intercept.len()))?;
    for (name, values) in [("_dual_coef_", &*dual_coef.data), ("_intercept_", &intercept)] {
        finite(s, name, values)?;
    }
    let starts = starts(s, classes, n_vectors)?;
    let n_features = if kernel == Kernel::Precomputed { n_samples } else { n_features };
    let old_words = s.version() < (1, 0);
    Ok(Machine { class: s.class().to_owned(), kernel, vectors, dual_coef, intercept, starts, n_features, old_words })
}

/// `k (k - 1) / 2`.
pub(crate) fn pairs(classes: usize) -> Option<usize> {
    Some(classes.checked_mul(classes.checked_sub(1)?)? / 2)
}

pub(crate) fn finite(s: &State<'_, '_>, name: &str, values: &[f64]) -> Result<()> {
    s.require(not_finite(values).is_none(), format_args!("{name} has a value that is not finite"))
}

fn kernel(s: &State<'_, '_>) -> Result<Kernel> {
    let field = s.raw("kernel")?;
    if field.kind() != Kind::Str && field.get::<String>().is_err() {
        return Err(s.unsupported(format_args!(
            "kernel is {}: a function of the user's own cannot be run without Python; precompute the kernel matrix",
            field.describe()
        )));
    }
    let gamma: f64 = s.get("_gamma")?;
    let coef0: f64 = s.get("coef0")?;
    finite(s, "_gamma", &[gamma])?;
    finite(s, "coef0", &[coef0])?;
    let kernel = s.choice(
        "kernel",
        None,
        &[
            ("linear", Kernel::Linear),
            ("poly", Kernel::Poly { gamma, coef0, degree: 0 }),
            ("rbf", Kernel::Rbf { gamma }),
            ("sigmoid", Kernel::Sigmoid { gamma, coef0 }),
            ("precomputed", Kernel::Precomputed),
        ],
    )?;
    if let Kernel::Poly { .. } = kernel {
        let degree: i64 = s.get("degree")?;
        // libsvm holds it in 32 bits.
        let known = u32::try_from(degree).ok().filter(|&degree| i32::try_from(degree).is_ok());
        let degree = known.ok_or_else(|| s.error(format_args!("degree is {degree}, expected 0 to {}", i32::MAX)))?;
        return Ok(Kernel::Poly { gamma, coef0, degree });
    }
    Ok(kernel)
}

/// `shape_fit_`: samples and features of the fit.
fn shape_fit(s: &State<'_, '_>) -> Result<(usize, usize)> {
    let field = s.raw("shape_fit_")?;
    match field.get::<Vec<usize>>()?.as_slice() {
        &[samples, features] => Ok((samples, features)),
        _ => Err(field.expected("two extents").into()),
    }
}

fn vectors(s: &State<'_, '_>, kernel: Kernel, n_samples: usize, n_features: usize) -> Result<Vectors> {
    let sparse: bool = s.get("_sparse")?;
    if kernel == Kernel::Precomputed {
        s.require(!sparse, "_sparse is True for a precomputed kernel")?;
        let field = s.raw("support_")?;
        let support = field.array()?.i64s()?;
        let column = |&index: &i64| usize::try_from(index).ok().filter(|&index| index < n_samples);
        let columns: Option<Vec<usize>> = support.iter().map(column).collect();
        let columns = columns.ok_or_else(|| {
            Error::from(
                field.error(ErrorKind::Value, format_args!("an index that is not below the {n_samples} samples")),
            )
        })?;
        return Ok(Vectors::Columns(columns));
    }
    let field = s.raw("support_vectors_")?;
    s.require(
        sparse == field.is_sparse(),
        format_args!("_sparse is {sparse}, but support_vectors_ is {}", field.describe()),
    )?;
    let vectors = if sparse {
        let vectors: Csr = field.get()?;
        field.charge(16 * vectors.data().len() as u64)?;
        Vectors::Sparse(in_order(Cow::Owned(vectors)).into_owned())
    } else {
        Vectors::Dense(field.get()?)
    };
    let (columns, data) = match &vectors {
        Vectors::Sparse(vectors) => (vectors.columns(), vectors.data()),
        Vectors::Dense(vectors) => (vectors.columns, &*vectors.data),
        Vectors::Columns(_) => (n_features, &[][..]),
    };
    s.require(
        columns == n_features || vectors.len() == 0,
        format_args!("support_vectors_ has {columns} columns, shape_fit_ says {n_features}"),
    )?;
    finite(s, "support_vectors_", data)?;
    Ok(vectors)
}

/// Where the vectors of each class start, by `n_support_`.
fn starts(s: &State<'_, '_>, classes: Option<usize>, n_vectors: usize) -> Result<Vec<usize>> {
    let names = ["_n_support", "n_support_"];
    let Some(classes) = classes else {
        // One group. From 1.0 on its size was checked, of dense vectors; others may have recorded anything.
        if s.version() >= (1, 0) && !s.get::<bool>("_sparse")? {
            let counts: Vec<i64> = s.get::<skpickle::Shared<i64>>("_n_support")?.to_vec();
            s.require(
                n_vectors == 0 || counts.first() == Some(&(n_vectors as i64)),
                format_args!("_n_support (n_support_) is {counts:?} for {n_vectors} support vectors"),
            )?;
        }
        s.ignored(&names);
        return Ok(vec![0, n_vectors]);
    };
    let counts: skpickle::Shared<i64> = s.renamed(&names)?;
    s.require(counts.len() == classes, format_args!("n_support_ has {} values for {classes} classes", counts.len()))?;
    let mut starts = Vec::with_capacity(counts.len() + 1);
    let mut end = 0usize;
    starts.push(end);
    for &count in counts.iter() {
        let next = usize::try_from(count).ok().and_then(|count| end.checked_add(count)).filter(|&n| n <= n_vectors);
        end = next.ok_or_else(|| {
            s.error(format_args!("n_support_ counts {count} vectors of a class, there are {n_vectors} in all"))
        })?;
        starts.push(end);
    }
    s.require(end == n_vectors, format_args!("n_support_ counts {end} support vectors, there are {n_vectors}"))?;
    Ok(starts)
}

/// [`Machine::decide`] for a batch.
struct Decide<'a> {
    machine: &'a Machine,
    values: &'a [[f64; LANES]],
    decisions: &'a mut Vec<[f64; LANES]>,
}

impl Wide for Decide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        self.machine.decide::<LANES, 3>(self.values, self.decisions);
    }
}

impl Machine {
    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn door(&self) -> Door {
        let door = Door::NUMERIC.sparse().floats();
        if self.old_words { door.any_width() } else { door }
    }

    fn check_width(&self, x: &Samples) -> Result<()> {
        let columns = x.columns().unwrap_or(0);
        if columns == self.n_features {
            return Ok(());
        }
        let what = if self.kernel == Kernel::Precomputed { "samples" } else { "features" };
        Err(Error::input(format_args!(
            "X.shape[1] = {columns} should be equal to {}, the number of {what} at training time",
            self.n_features
        )))
    }

    /// Calls `visit` with the number of each sample and libsvm's decisions: one, or one for each pair of classes, positive
    /// for the first of the pair.
    pub(crate) fn each_row(&self, x: &Samples, visit: &mut dyn FnMut(usize, &[f64])) -> Result<()> {
        self.each_group(x, &mut Rows { visit, row: Vec::new() })
    }

    /// The same for several samples at once where they are computed so.
    pub(crate) fn each_group(&self, x: &Samples, visit: &mut impl Visit) -> Result<()> {
        self.check_width(x)?;
        if let (Vectors::Dense(vectors), Samples::Dense(x)) = (&self.vectors, x)
            && x.nrows() >= LANES / 2
            && vectors.columns > 0
        {
            self.batch(vectors, x, visit);
            return Ok(());
        }
        let (mut values, mut decisions) = SCRATCH.take();
        let done = self.vectors.each_row(self.kernel, &self.class, x, &mut values, |i, values| {
            decisions.clear();
            self.decide::<1, 8>(values.as_chunks().0, &mut decisions);
            visit.group(i..i + 1, &decisions);
        });
        SCRATCH.set((values, decisions));
        done
    }

    /// The same for a batch, some samples at once.
    fn batch(&self, vectors: &Matrix, x: &Array2<f64>, visit: &mut impl Visit) {
        let mut columns = vec![[0.0; LANES]; vectors.columns];
        let mut values = vec![[0.0; LANES]; vectors.rows];
        let mut decisions = Vec::new();
        for (block, rows) in x.axis_chunks_iter(Axis(0), LANES).enumerate() {
            for (lane, x) in rows.rows().into_iter().enumerate() {
                columns.iter_mut().zip(x).for_each(|(column, &x)| column[lane] = x);
            }
            wide(KernelValues { kernel: self.kernel, x: &columns, vectors, values: &mut values });
            decisions.clear();
            wide(Decide { machine: self, values: &values, decisions: &mut decisions });
            visit.group(block * LANES..block * LANES + rows.nrows(), &decisions);
        }
    }

    /// The decisions of a machine with one decision function.
    pub(crate) fn values(&self, x: &Samples) -> Result<Vec<f64>> {
        let mut values = Vec::with_capacity(x.rows());
        self.each_row(x, &mut |_, row| values.extend(row))?;
        Ok(values)
    }

    /// The same as a matrix of one column.
    pub(crate) fn column(&self, x: &Samples) -> Result<Array> {
        let values = self.values(x)?;
        Ok(Array2::from_shape_fn((values.len(), 1), |(i, _)| values[i]).into())
    }

    /// Sums in libsvm's order, so that what cancels exactly there does so here: each sum runs over the vectors of its first class, then
    /// over those of its second. Some sums that a class has a part in run abreast, since a sum waits for each of its steps: as many as
    /// there are registers for.
    #[inline(always)]
    fn decide<const L: usize, const ABREAST: usize>(&self, values: &[[f64; L]], decisions: &mut Vec<[f64; L]>) {
        let classes = self.starts.len() - 1;
        // Without any vector there may be any number of rows.
        let functions = self.dual_coef.rows.min(classes.max(2) - 1);
        decisions.resize(self.intercept.len(), [0.0; L]);
        for class in 0..classes {
            let range = self.starts[class]..self.starts[class + 1];
            let values = &values[range.clone()];
            // Row `j` of the coefficients is for the pair with class `j` among those before, with class `j + 1` among those behind.
            let pair = |row: usize| {
                let (i, j) = if row < class { (row, class) } else { (class, row + 1) };
                if classes == 1 { 0 } else { i * (2 * classes - i - 1) / 2 + (j - i - 1) }
            };
            let coef = |row: usize| &self.dual_coef.row(row)[range.clone()];
            let mut row = 0;
            while row + ABREAST <= functions {
                let pairs: [usize; ABREAST] = std::array::from_fn(|n| pair(row + n));
                let sums = pairs.map(|pair| decisions[pair]);
                let coefs = std::array::from_fn(|n| coef(row + n));
                for (pair, sum) in pairs.into_iter().zip(add_abreast(sums, coefs, values)) {
                    decisions[pair] = sum;
                }
                row += ABREAST;
            }
            for row in row..functions {
                let pair = pair(row);
                decisions[pair] = add(decisions[pair], coef(row), values);
            }
        }
        for (decision, intercept) in decisions.iter_mut().zip(&self.intercept) {
            decision.iter_mut().for_each(|sum| *sum += intercept);
        }
    }
}
