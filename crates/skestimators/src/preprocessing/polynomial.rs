//! `sklearn.preprocessing._polynomial.PolynomialFeatures`: products of columns up to a degree.

use ndarray::Array2;

use crate::{
    data::{Csr, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// The products are numbered by degree, then in the order of their columns; a column of ones may come first.
struct PolynomialFeatures {
    columns: usize,
    /// Degrees of the products, both ends included; at least 1.
    degrees: std::ops::RangeInclusive<usize>,
    interaction_only: bool,
    bias: bool,
    width: usize,
    /// Sparse samples are taken (since 0.21).
    sparse: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let columns: usize = s.renamed(&["n_features_in_", "n_input_features_"])?;
    let degree = s.raw("degree")?;
    // A pair of degrees can be given since 1.0.
    let (low, high): (usize, usize) = match degree.get::<usize>() {
        Ok(degree) => (0, degree),
        Err(_) => match degree.get::<Vec<usize>>()?[..] {
            [low, high] if low <= high => (low, high),
            _ => return Err(s.error("degree is neither a number nor a pair of numbers in order")),
        },
    };
    let interaction_only = s.get("interaction_only")?;
    let bias = s.get("include_bias")?;
    let mut polynomial = PolynomialFeatures {
        columns,
        degrees: low.max(1)..=high,
        interaction_only,
        bias,
        width: 0,
        sparse: s.version() >= (0, 20),
    };
    let too_many = || s.error(format_args!("more columns than can be counted: {columns} of degree {high}"));
    s.require(high <= 1024, format_args!("degree is {high}, and at most 1024 can be computed"))?;
    let mut width = usize::from(bias);
    for degree in polynomial.degrees.clone() {
        width = polynomial.products(columns, degree).and_then(|n| n.checked_add(width)).ok_or_else(too_many)?;
    }
    polynomial.width = width;
    s.row_cost((width as u64).saturating_mul(high as u64), (width as u64).saturating_mul(8))?;
    if let Some(recorded) = s.opt::<usize>("n_output_features_")? {
        s.require(recorded == width, format_args!("n_output_features_ is {recorded}, but there are {width} products"))?;
    }
    Ok(Box::new(polynomial))
}

/// Ways to choose `k` of `n`.
fn choose(n: usize, k: usize) -> Option<usize> {
    if k > n {
        return Some(0);
    }
    let mut out: u128 = 1;
    for i in 0..k.min(n - k) {
        out = out.checked_mul((n - i) as u128)? / (i as u128 + 1);
    }
    usize::try_from(out).ok()
}

impl PolynomialFeatures {
    /// Number of products of this degree of `n` columns.
    fn products(&self, n: usize, degree: usize) -> Option<usize> {
        match (self.interaction_only, degree) {
            (_, 0) => Some(1),
            (true, _) => choose(n, degree),
            (false, _) if n == 0 => Some(0),
            (false, _) => choose(n.checked_add(degree)? - 1, degree),
        }
    }

    /// Calls `each` with every product of this degree of the first `n` columns, as the list of its columns.
    fn every(&self, n: usize, degree: usize, mut each: impl FnMut(&[usize])) {
        let step = usize::from(self.interaction_only);
        if n == 0 || step * degree > n {
            return;
        }
        let mut list: Vec<usize> = (0..degree).map(|i| i * step).collect();
        loop {
            each(&list);
            // The last place that can still grow does, and those after it start anew.
            let last = |i: usize| if step == 0 { n - 1 } else { n - degree + i };
            let Some(at) = (0..degree).rev().find(|&i| list[i] < last(i)) else { return };
            let from = list[at] + 1;
            for (k, place) in list[at..].iter_mut().enumerate() {
                *place = from + k * step;
            }
        }
    }

    /// Number of a product among those of its degree.
    fn rank(&self, list: &[usize]) -> usize {
        let (mut rank, mut from) = (0, 0);
        for (i, &column) in list.iter().enumerate() {
            let left = list.len() - i;
            // All counts are below the width, which has been computed.
            let count = |n| self.products(n, left).unwrap_or(0);
            rank += count(self.columns - from) - count(self.columns - column);
            from = column + usize::from(self.interaction_only);
        }
        rank
    }

    fn sparse(&self, x: &Csr) -> Result<Csr> {
        let x = x.canonical();
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        for i in 0..x.rows() {
            let (columns, values) = x.row(i);
            let mut offset = 0;
            if self.bias {
                indices.push(0);
                data.push(1.0);
                offset = 1;
            }
            for degree in self.degrees.clone() {
                let mut list = vec![0; degree];
                self.every(columns.len(), degree, |places| {
                    list.iter_mut().zip(places).for_each(|(to, &place)| *to = columns[place]);
                    indices.push(offset + self.rank(&list));
                    data.push(places.iter().map(|&place| values[place]).product());
                });
                offset += self.products(self.columns, degree).unwrap_or(0);
            }
            indptr.push(indices.len());
        }
        Csr::new(x.rows(), self.width, indptr, indices, data)
    }
}

impl Estimator for PolynomialFeatures {
    fn methods(&self) -> Methods {
        // The names were `get_feature_names` before 1.0.
        Methods::of(&[Method::Transform, Method::FeatureNamesOut])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.keep32().floats();
        if self.sparse { door.sparse() } else { door }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if let Samples::Sparse(x) = x {
            return Ok(Samples::Sparse(self.sparse(x)?));
        }
        let narrow = matches!(x, Samples::Dense32(_));
        let x = x.dense()?;
        let mut out = Array2::ones((x.nrows(), self.width));
        let mut at = usize::from(self.bias);
        for degree in self.degrees.clone() {
            self.every(self.columns, degree, |list| {
                for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
                    // From the last column to the first; rounded to 32 bits each time where the input has no more.
                    let times = |product: f64, &j: &usize| {
                        let product = row[j] * product;
                        if narrow { f64::from(product as f32) } else { product }
                    };
                    out[at] = list.iter().rev().fold(1.0, times);
                }
                at += 1;
            });
        }
        Ok(if narrow { Samples::Dense32(out.mapv(|v| v as f32)) } else { Samples::Dense(out) })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let mut names = Vec::with_capacity(self.width);
        if self.bias {
            names.push("1".to_owned());
        }
        for degree in self.degrees.clone() {
            self.every(self.columns.min(input.len()), degree, |list| {
                let parts = list.chunk_by(|a, b| a == b).map(|same| match same.len() {
                    1 => input[same[0]].clone(),
                    power => format!("{}^{power}", input[same[0]]),
                });
                names.push(parts.collect::<Vec<_>>().join(" "));
            });
        }
        Ok(names)
    }
}
