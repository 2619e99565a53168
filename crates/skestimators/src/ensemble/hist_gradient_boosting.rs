//! `sklearn.ensemble._hist_gradient_boosting`: `HistGradientBoostingClassifier`, `HistGradientBoostingRegressor`: sums of trees on raw values,
//! with missing values and categories.

use std::{borrow::Cow, ops::Range};

use ndarray::{Array2, ArrayD, ArrayView1, IxDyn};
use pulp::Simd;
use skpickle::{Column, ErrorKind, Obj};

use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    math::special::{argmax, expit, expit_each, pairs, softmax_rows},
    method::{Method, Methods},
    state::State,
    tree::{
        nodes::{Missing, Node, Nodes, Present, Root, Rule, Source, Word},
        rows::Real,
    },
    validation::Door,
};

/// One bit a category, of at most 256.
type Bitset = [u32; 8];

/// All trees, one after the other in one array.
struct Trees {
    /// A split by categories has a NaN in place of the threshold, with the number of the split.
    nodes: Nodes<f64, u64>,
    /// Iteration by iteration, one tree for each output.
    roots: Vec<Root>,
    categories: Categories,
}

/// The splits by categories.
#[derive(Default)]
struct Categories {
    /// The columns that hold categories.
    columns: Vec<usize>,
    /// Whether the splits stand in the nodes themselves, as [`ByMask`] reads them.
    masks: bool,
    /// Otherwise, for each split [`WORDS`] words, of which bit `i` says whether category `i` goes right; a power of two of them, or none.
    words: Vec<u32>,
}

/// What is a NaN, but for the number of a split.
const SPLIT: u64 = 0x7ff8_0000_0000_0000;
/// Words of a split: for 256 categories and [`NO_CATEGORY`], rounded up to a power of two.
const WORDS: usize = 16;
/// What missing values and those below zero count as.
const NO_CATEGORY: u64 = 256;

/// Categories that a node has room for; the bit behind them is for all that count as missing.
const FEW: u8 = 50;
/// The bits of a NaN that say nothing.
const PAYLOAD: u64 = (1 << (FEW + 1)) - 1;

/// The number of a category, or none.
#[inline(always)]
fn category(x: f64) -> Option<u8> {
    // The conversion of C on the machines that scikit-learn runs on: to 32 bits, of which the lowest 8 stay.
    let category = if x < 2_147_483_648.0 { x as i32 as u8 } else { 0 };
    if x.is_nan() || x < 0.0 { None } else { Some(category) }
}

/// Few categories: each is a NaN with one bit, and a split has in place of its threshold the bits of those that go right.
#[derive(Clone, Copy)]
struct ByMask<'a>(&'a Categories);

impl Rule<f64, u64> for ByMask<'_> {
    #[inline(always)]
    fn right(self, x: f64, node: Node<f64, u64>) -> bool {
        let bit = x.to_bits() & node.threshold.to_bits() & PAYLOAD != 0;
        (x > node.threshold) | (x.is_nan() & (node.word.missing_right() | bit))
    }

    #[inline(always)]
    fn keep<S: Simd>(self, simd: S, x: S::f64s, node: Node<f64, u64>, words: S::u64s, kept: u64) -> S::u64s {
        let words = Missing.keep(simd, x, node, words, kept);
        let bits = simd.splat_u64s(node.threshold.to_bits() & PAYLOAD);
        let bits = simd.and_u64s(simd.transmute_u64s_f64s(x), bits);
        let none = simd.equal_u64s(bits, simd.splat_u64s(0));
        let right = simd.and_m64s(simd.not_m64s(none), f64::missing(simd, x));
        f64::keep(simd, words, right, kept)
    }

    fn prepare<const L: usize>(self, columns: &mut [[f64; L]]) {
        // Missing numbers have no bit.
        for x in columns.as_flattened_mut().iter_mut().filter(|x| x.is_nan()) {
            *x = f64::NAN;
        }
        for &column in &self.0.columns {
            let bit = |x| category(x).map_or(FEW, |category| category.min(FEW));
            columns[column] = columns[column].map(|x| f64::from_bits(SPLIT | 1 << bit(x)));
        }
    }
}

#[derive(Clone, Copy)]
struct ByCategory<'a>(&'a Categories);

impl Rule<f64, u64> for ByCategory<'_> {
    /// Without a branch, for which kind of node comes next cannot be foretold: a category is less than no NaN, and the word of a node that does
    /// not split by categories is any.
    #[inline(always)]
    fn right(self, x: f64, node: Node<f64, u64>) -> bool {
        let words = &self.0.words;
        let category = x.to_bits() as usize;
        let split = node.threshold.to_bits() as usize;
        let at = (split.wrapping_mul(WORDS) | category >> 5 & (WORDS - 1)) & words.len().wrapping_sub(1);
        let bit = words.get(at).is_some_and(|word| word >> (category & 31) & 1 != 0);
        Missing.right(x, node) & !node.threshold.is_nan() | bit & node.threshold.is_nan()
    }

    /// Turns what the columns of categories hold into the bits of a float, small enough to be a number below all others.
    fn prepare<const L: usize>(self, columns: &mut [[f64; L]]) {
        for &column in &self.0.columns {
            columns[column] = columns[column].map(|x| f64::from_bits(category(x).map_or(NO_CATEGORY, u64::from)));
        }
    }
}

/// A split by categories as it stands in a file.
struct Split {
    left: Bitset,
    column: u32,
    missing_left: bool,
}

impl Split {
    /// The categories that go right; unknown ones count as missing.
    fn right(&self, known: &[Bitset]) -> Bitset {
        let known = &known[self.column as usize];
        std::array::from_fn(|i| !(self.left[i] | if self.missing_left { !known[i] } else { 0 }))
    }

    /// The bits of the categories that go right, and of missing values, if there are but few.
    fn mask(&self, known: &[Bitset]) -> Option<u64> {
        const ALL: u64 = (1 << FEW) - 1;
        let first = |set: &Bitset| u64::from(set[0]) | u64::from(set[1]) << 32;
        let few = |set: &Bitset| first(set) & !ALL == 0 && set[2..].iter().all(|&word| word == 0);
        if !few(&self.left) || !few(&known[self.column as usize]) {
            return None;
        }
        Some(first(&self.right(known)) & ALL | u64::from(!self.missing_left) << FEW)
    }
}

impl Categories {
    /// `known` has the categories that were there in fit, by feature; unknown ones count as missing.
    fn new(splits: &[Split], known: &[Bitset]) -> Self {
        let mut words = vec![0u32; (splits.len() * WORDS).next_power_of_two()];
        for (words, split) in words.chunks_exact_mut(WORDS).zip(splits) {
            let right = split.right(known);
            words[..right.len()].copy_from_slice(&right);
            words[NO_CATEGORY as usize / 32] = u32::from(!split.missing_left);
        }
        Categories { columns: Self::columns(splits), masks: false, words }
    }

    /// The columns of splits.
    fn columns(splits: &[Split]) -> Vec<usize> {
        let mut columns: Vec<usize> = splits.iter().map(|split| split.column as usize).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// What the sum becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Identity,
    Log,
    /// Classes: a logistic function of one output, or softmax of several.
    Classes,
}

/// What the most likely class is taken from: ties of rounded probabilities go to the first class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// The sums themselves (since 1.5).
    Sums,
    /// Probabilities by softmax.
    Probabilities,
    /// Probabilities by way of their logarithms (until 1.0).
    LogProbabilities,
}

struct HistGradientBoosting {
    trees: Trees,
    baseline: Vec<f64>,
    /// Columns that the trees see.
    width: usize,
    /// Encodes categories and puts their columns first (since 1.4).
    preprocessor: Option<Fitted>,
    link: Link,
    classes: Option<Array>,
    decision: Decision,
    /// NaN and infinity are taken.
    any_value: bool,
    staged: bool,
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let outputs = if classes.len() <= 2 { 1 } else { classes.len() };
    let mut model = load(s, outputs)?;
    s.require(model.link == Link::Classes, "the loss is not one of a classifier")?;
    model.classes = Some(classes);
    model.decision = match s.version() {
        (0, _) | (1, 0) => Decision::LogProbabilities,
        (1, 1..=4) => Decision::Probabilities,
        _ => Decision::Sums,
    };
    Ok(Box::new(model))
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let model = load(s, 1)?;
    s.require(model.link != Link::Classes, "the loss is not one of a regressor")?;
    Ok(Box::new(model))
}

fn load(s: &State<'_, '_>, outputs: usize) -> Result<HistGradientBoosting> {
    let per_iteration: usize = s.get("n_trees_per_iteration_")?;
    s.require(per_iteration == outputs, format_args!("n_trees_per_iteration_ is {per_iteration}, expected {outputs}"))?;
    let width = width(s)?;
    let baseline = baseline(s, outputs)?;
    let link = link(s)?;
    let preprocessor = match s.raw_opt("_preprocessor") {
        Some(obj) => Some(s.load(&obj)?),
        None => None,
    };
    if let Some(preprocessor) = &preprocessor {
        s.require(preprocessor.has(Method::Transform), "_preprocessor has no transform")?;
    }
    Ok(HistGradientBoosting {
        trees: trees(s, outputs, width)?,
        baseline,
        width,
        preprocessor,
        link,
        classes: None,
        decision: Decision::Sums,
        // since 0.22
        any_value: s.version() >= (0, 22),
        // since 0.24
        staged: s.version() >= (0, 24),
    })
}

fn width(s: &State<'_, '_>) -> Result<usize> {
    s.renamed(&["_n_features", "n_features_in_", "n_features_"])
}

/// `_baseline_prediction`: a number, or an array with one for each output.
fn baseline(s: &State<'_, '_>, outputs: usize) -> Result<Vec<f64>> {
    let field = s.raw("_baseline_prediction")?;
    let values = match field.get::<f64>() {
        Ok(value) => vec![value],
        Err(_) => field.array()?.f64s()?.to_vec(),
    };
    s.require(
        values.len() == outputs,
        format_args!("_baseline_prediction has {} values for {outputs} outputs", values.len()),
    )?;
    Ok(values)
}

/// The link of the loss: `sklearn._loss.loss` since 1.1, the package's own losses before.
fn link(s: &State<'_, '_>) -> Result<Link> {
    let loss: Obj<'_> = s.renamed(&["_loss", "loss_"])?;
    let name = loss.class().ok_or_else(|| loss.expected("a loss"))?;
    Ok(match (name.module, name.name) {
        ("sklearn._loss.loss", "HalfSquaredError" | "AbsoluteError" | "PinballLoss") => Link::Identity,
        ("sklearn._loss.loss", "HalfPoissonLoss" | "HalfGammaLoss") => Link::Log,
        ("sklearn._loss.loss", "HalfBinomialLoss" | "HalfMultinomialLoss") => Link::Classes,
        ("sklearn.ensemble._hist_gradient_boosting.loss", "LeastSquares" | "LeastAbsoluteDeviation") => Link::Identity,
        ("sklearn.ensemble._hist_gradient_boosting.loss", "Poisson") => Link::Log,
        ("sklearn.ensemble._hist_gradient_boosting.loss", "BinaryCrossEntropy" | "CategoricalCrossEntropy") => {
            Link::Classes
        }
        _ => return Err(loss.error(ErrorKind::Value, "the loss is not one of scikit-learn's for this class").into()),
    })
}

fn trees(s: &State<'_, '_>, outputs: usize, width: usize) -> Result<Trees> {
    let nodes = Nodes::new(width);
    let nodes = nodes.ok_or_else(|| s.obj().error(ErrorKind::Limit, format_args!("a tree for {width} features")))?;
    let mut trees = Trees { nodes, roots: Vec::new(), categories: Categories::default() };
    let mut splits = Vec::new();
    // Columns by whose numbers a tree splits: such hold no categories.
    let mut numeric = vec![false; width];
    for iteration in s.objects("_predictors")? {
        let predictors = iteration.items()?;
        if predictors.len() != outputs {
            return Err(iteration
                .error(ErrorKind::Value, format_args!("{} trees in an iteration, expected {outputs}", predictors.len()))
                .into());
        }
        for predictor in &predictors {
            add_tree(&mut trees, &mut splits, &mut numeric, &s.open(predictor)?, width)?;
        }
    }
    if !splits.is_empty() {
        s.require(
            splits.iter().all(|split| !numeric[split.column as usize]),
            "the trees of _predictors split one feature both by its categories and by its numbers",
        )?;
        s.obj().charge((8 * WORDS * splits.len()) as u64)?;
        let known = known_categories(s, width)?;
        let masks: Option<Vec<u64>> = splits.iter().map(|split| split.mask(&known)).collect();
        match masks {
            Some(masks) => {
                trees.categories = Categories { columns: Categories::columns(&splits), masks: true, words: Vec::new() };
                // Only splits by categories have a NaN.
                for node in trees.nodes.iter_mut().filter(|node| node.threshold.is_nan()) {
                    let mask = masks.get((node.threshold.to_bits() & !SPLIT) as usize);
                    node.threshold = f64::from_bits(mask.copied().unwrap_or_default());
                    node.word = u64::new(node.word.column() as u32, false, node.word.child());
                }
            }
            None => trees.categories = Categories::new(&splits, &known),
        }
    }
    Ok(trees)
}

/// What is read of a node in a file.
struct Record {
    value: f64,
    threshold: f64,
    feature: i64,
    left: i64,
    right: i64,
    is_leaf: bool,
    missing_left: bool,
    is_categorical: bool,
    bitset: i64,
}

impl Record {
    /// Bytes of a record as the newest versions write them on 64-bit machines, and where the fields stand in it.
    const SIZE: usize = 56;
    const FIELDS: [(&'static str, usize, (u8, usize)); 9] = [
        ("value", 0, (b'f', 8)),
        ("feature_idx", 12, (b'i', 8)),
        ("num_threshold", 20, (b'f', 8)),
        ("missing_go_to_left", 28, (b'u', 1)),
        ("left", 29, (b'u', 4)),
        ("right", 33, (b'u', 4)),
        ("is_leaf", 49, (b'u', 1)),
        ("is_categorical", 51, (b'u', 1)),
        ("bitset_idx", 52, (b'u', 4)),
    ];

    fn new(bytes: &[u8; Record::SIZE]) -> Self {
        fn at<const N: usize>(bytes: &[u8; Record::SIZE], at: usize) -> [u8; N] {
            bytes[at..].first_chunk().copied().unwrap_or([0; N])
        }
        let int = |place| u32::from_le_bytes(at(bytes, place)).into();
        Record {
            value: f64::from_le_bytes(at(bytes, 0)),
            threshold: f64::from_le_bytes(at(bytes, 20)),
            feature: i64::from_le_bytes(at(bytes, 12)),
            left: int(29),
            right: int(33),
            is_leaf: bytes[49] != 0,
            missing_left: bytes[28] != 0,
            is_categorical: bytes[51] != 0,
            bitset: int(52),
        }
    }

    /// The records of an array, whose names and places have changed: read by name where they are others.
    fn all(obj: &Obj<'_>) -> Result<Vec<Record>> {
        let nodes = obj.array()?;
        if nodes.shape().len() != 1 {
            return Err(obj.expected("a 1-d array of nodes").into());
        }
        // Twice, since they are held until the nodes are made.
        obj.charge(
            (nodes.len() as u64)
                .saturating_mul(9 * 8 + size_of::<Node<f64, u64>>() as u64 + size_of::<Source<f64>>() as u64),
        )?;
        if nodes.dtype().size == Self::SIZE
            && let Some(bytes) = nodes.records(&Self::FIELDS)?
        {
            return Ok(bytes.as_chunks().0.iter().map(Self::new).collect());
        }
        let ints = |name: &str| -> Result<Vec<i64>> { Ok(nodes.column(name).and_then(|c: Column<'_>| c.i64s())?) };
        let optional = |name: &str| if nodes.has_column(name) { ints(name).map(Some) } else { Ok(None) };
        let threshold = if nodes.has_column("num_threshold") { "num_threshold" } else { "threshold" };
        let (value, threshold) = (nodes.column("value")?.f64s()?, nodes.column(threshold)?.f64s()?);
        let (feature, left, right, is_leaf) = (ints("feature_idx")?, ints("left")?, ints("right")?, ints("is_leaf")?);
        let (missing_left, is_categorical) = (optional("missing_go_to_left")?, optional("is_categorical")?);
        let bitset = optional("bitset_idx")?;
        let on = |flags: &Option<Vec<i64>>, i: usize| flags.as_ref().is_some_and(|flags| flags[i] != 0);
        let record = |i| Record {
            value: value[i],
            threshold: threshold[i],
            feature: feature[i],
            left: left[i],
            right: right[i],
            is_leaf: is_leaf[i] != 0,
            missing_left: on(&missing_left, i),
            is_categorical: on(&is_categorical, i),
            bitset: bitset.as_ref().map_or(-1, |indices| indices[i]),
        };
        Ok((0..nodes.len()).map(record).collect())
    }
}

fn add_tree(
    trees: &mut Trees,
    splits: &mut Vec<Split>,
    numeric: &mut [bool],
    predictor: &State<'_, '_>,
    width: usize,
) -> Result<()> {
    let obj = predictor.raw("nodes")?;
    let records = Record::all(&obj)?;
    let bitsets = match predictor.has("raw_left_cat_bitsets") {
        true => bitsets(&predictor.raw("raw_left_cat_bitsets")?)?,
        false => Vec::new(),
    };
    let count = records.len();
    if count == 0 {
        return Err(obj.error(ErrorKind::Value, "a tree of no nodes").into());
    }
    let wrong =
        |i: usize, what: String| -> Error { obj.error(ErrorKind::Value, format_args!("node {i}: {what}")).into() };
    let mut sources = Vec::with_capacity(count);
    let mut reached = vec![false; count];
    for (i, record) in records.iter().enumerate() {
        if i > 0 && !reached[i] {
            return Err(wrong(i, "no node before it has it as a child".into()));
        }
        if record.is_leaf {
            if record.value.is_nan() {
                return Err(wrong(i, "the value of a leaf is NaN".into()));
            }
            sources.push(Source::Leaf(record.value));
            continue;
        }
        // Children stand behind their parent, so that every walk ends, and have one parent.
        let mut child = |index: i64, side: &str| match usize::try_from(index) {
            Ok(child) if child > i && child < count && !std::mem::replace(&mut reached[child], true) => {
                Ok(child as u32)
            }
            _ => Err(wrong(
                i,
                format!("{side} is {index}, expected a node after this one, below {count}, of no other parent"),
            )),
        };
        let (left, right) = (child(record.left, "left")?, child(record.right, "right")?);
        let feature = record.feature;
        if !usize::try_from(feature).is_ok_and(|feature| feature < width) {
            return Err(wrong(i, format!("feature_idx is {feature}, expected one of {width} features")));
        }
        let (column, missing_left) = (feature as u32, record.missing_left);
        let threshold = if record.is_categorical {
            let index = record.bitset;
            let Some(&left) = usize::try_from(index).ok().and_then(|index| bitsets.get(index)) else {
                let rows = bitsets.len();
                return Err(wrong(i, format!("bitset_idx is {index}, raw_left_cat_bitsets has {rows} rows")));
            };
            splits.push(Split { left, column, missing_left });
            f64::from_bits(SPLIT | (splits.len() - 1) as u64)
        } else if record.threshold.is_nan() {
            return Err(wrong(i, "threshold is NaN".into()));
        } else {
            numeric[column as usize] = true;
            record.threshold
        };
        sources.push(Source::Split { threshold, column, missing_left, left, right });
    }
    let root = trees.nodes.push(sources.into_iter(), None);
    trees.roots.push(root.ok_or_else(|| obj.error(ErrorKind::Limit, "the trees have more than 2^31 nodes"))?);
    Ok(())
}

fn bitsets(field: &Obj<'_>) -> Result<Vec<Bitset>> {
    let array = field.array()?;
    let [rows, 8] = *array.shape() else { return Err(field.expected("an array of 8 columns").into()) };
    field.charge((rows as u64).saturating_mul(32))?;
    let words = array.i64s()?;
    let (chunks, _) = words.as_chunks::<8>();
    Ok(chunks.iter().map(|chunk| chunk.map(|word| word as u32)).collect())
}

/// The categories of each feature by `_bin_mapper.bin_thresholds_`, empty for numeric features.
fn known_categories(s: &State<'_, '_>, width: usize) -> Result<Vec<Bitset>> {
    let mapper = s.child("_bin_mapper")?;
    let categorical = mapper.raw("is_categorical_")?.array()?.bools()?;
    let thresholds = mapper.objects("bin_thresholds_")?;
    mapper.require(
        categorical.len() == width && thresholds.len() == width,
        format_args!("is_categorical_ and bin_thresholds_ are not for {width} features"),
    )?;
    s.obj().charge((width as u64).saturating_mul(32))?;
    let mut known = vec![[0; 8]; width];
    for ((known, &categorical), thresholds) in known.iter_mut().zip(&categorical).zip(&thresholds) {
        if categorical {
            for &value in thresholds.array()?.f64s()?.iter() {
                if !(0.0..256.0).contains(&value) {
                    return Err(thresholds.error(ErrorKind::Value, format_args!("{value} is no category")).into());
                }
                let category = value as u8;
                known[usize::from(category / 32)] |= 1 << (category % 32);
            }
        }
    }
    Ok(known)
}

impl HistGradientBoosting {
    /// The samples as the trees see them.
    fn preprocessed<'x>(&self, x: &'x Samples) -> Result<Cow<'x, Samples>> {
        let Some(preprocessor) = &self.preprocessor else { return Ok(Cow::Borrowed(x)) };
        let x = preprocessor.transform(x)?;
        let columns = x.columns().unwrap_or(0);
        if columns != self.width {
            return Err(Error::input(format_args!(
                "X has {columns} features but this estimator was trained with {} features.",
                self.width
            )));
        }
        Ok(Cow::Owned(x))
    }

    /// Sums before the first iteration.
    fn baselines(&self, rows: usize) -> Array2<f64> {
        let mut sums = scratch::matrix(rows, self.baseline.len());
        sums.rows_mut().into_iter().for_each(|mut row| row.assign(&ArrayView1::from(&self.baseline)));
        sums
    }

    /// Adds what some of the trees answer for samples as the trees see them.
    fn add(&self, sums: &mut Array2<f64>, x: &Samples, trees: Range<usize>) -> Result<()> {
        let Trees { nodes, roots, categories } = &self.trees;
        let roots = &roots[trees];
        let outputs = self.baseline.len();
        let Some(sums) = sums.as_slice_mut() else { return Ok(()) };
        let (rule, few) = (ByCategory(categories), ByMask(categories));
        let bytes = 16 * nodes.len();
        match (outputs, categories.columns.is_empty()) {
            (1, true) => nodes.each(roots, (Present, Missing), bytes, x, (sums, 1), |sum, _, value, _| sum[0] += value),
            (_, true) => nodes.each(roots, (Present, Missing), bytes, x, (sums, outputs), |sums, tree, value, _| {
                sums[tree % outputs] += value;
            }),
            (_, false) if categories.masks => {
                nodes.each(roots, (few, few), bytes, x, (sums, outputs), |sums, tree, value, _| {
                    sums[tree % outputs] += value;
                })
            }
            (_, false) => nodes.each(roots, (rule, rule), bytes, x, (sums, outputs), |sums, tree, value, _| {
                sums[tree % outputs] += value;
            }),
        }
    }

    /// Sums after each iteration.
    fn sums(&self, x: &Samples) -> Result<Vec<Array2<f64>>> {
        let x = self.preprocessed(x)?;
        let outputs = self.baseline.len();
        let mut sum = self.baselines(x.rows());
        let mut sums = Vec::new();
        for start in (0..self.trees.roots.len()).step_by(outputs) {
            self.add(&mut sum, &x, start..start + outputs)?;
            sums.push(sum.clone());
        }
        Ok(sums)
    }

    /// Sums after the last iteration.
    fn sum(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = self.preprocessed(x)?;
        let mut sums = self.baselines(x.rows());
        self.add(&mut sums, &x, 0..self.trees.roots.len())?;
        Ok(sums)
    }

    fn labels(&self, sums: &Array2<f64>, classes: &Array) -> Vec<usize> {
        let last = classes.len() - 1;
        let index = |row: ArrayView1<'_, f64>| match (self.decision, row.len()) {
            (Decision::Sums, 1) => usize::from(row[0] > 0.0),
            (_, 1) => {
                let p = expit(row[0]);
                usize::from(p > 1.0 - p)
            }
            (Decision::Sums, _) => argmax(row.iter().copied()),
            (Decision::Probabilities, _) => {
                let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = row.iter().map(|x| (x - max).exp()).sum();
                argmax(row.iter().map(|x| (x - max).exp() / sum))
            }
            (Decision::LogProbabilities, _) => {
                let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total = row.iter().map(|x| (x - max).exp()).sum::<f64>().ln() + max;
                argmax(row.iter().map(|x| (x - total).exp()))
            }
        };
        let mut indices = scratch::empty();
        indices.extend(sums.rows().into_iter().map(|row| index(row).min(last)));
        indices
    }

    fn answer(&self, sums: Array2<f64>) -> Array {
        match &self.classes {
            Some(classes) => {
                let indices = self.labels(&sums, classes);
                let labels = classes.take_each(indices.iter().copied());
                scratch::give(indices);
                scratch::give_matrix(sums);
                labels
            }
            None => {
                let values = sums.into_raw_vec_and_offset().0;
                let values = if self.link == Link::Log { values.into_iter().map(f64::exp).collect() } else { values };
                Array::from(values)
            }
        }
    }

    fn decisions(sums: Array2<f64>) -> Array {
        if sums.ncols() == 1 { Array::from(sums.into_raw_vec_and_offset().0) } else { sums.into() }
    }

    fn probabilities(mut sums: Array2<f64>) -> Array2<f64> {
        if sums.ncols() > 1 {
            softmax_rows(&mut sums);
            return sums;
        }
        let mut p = sums.into_raw_vec_and_offset().0;
        expit_each(&mut p);
        pairs(p)
    }
}

/// Arrays of doubles one upon the other along a new first axis.
fn stacked(stages: &[Array], shape: &[usize]) -> Array {
    let mut values = Vec::with_capacity(stages.len() * shape.iter().product::<usize>());
    for stage in stages {
        if let Array::F64(stage) = stage {
            values.extend(stage.iter().copied());
        }
    }
    let mut full = vec![stages.len()];
    full.extend_from_slice(shape);
    // Every stage has the same shape.
    ArrayD::from_shape_vec(IxDyn(&full), values).map_or_else(|_| Array::from(Vec::<f64>::new()), Array::F64)
}

impl Estimator for HistGradientBoosting {
    fn methods(&self) -> Methods {
        let staged = self.staged;
        if self.classes.is_none() {
            return Methods::of(&[Method::Predict]).with_if(staged, Method::StagedPredict);
        }
        Methods::of(&[Method::Predict, Method::PredictProba, Method::DecisionFunction])
            .with_if(staged, Method::StagedPredict)
            .with_if(staged, Method::StagedPredictProba)
            .with_if(staged, Method::StagedDecisionFunction)
    }

    fn door(&self, _: Method) -> Door {
        match (&self.preprocessor, self.any_value) {
            (Some(_), _) => Door::OPEN,
            (None, true) => Door::NUMERIC.any_value().floats(),
            (None, false) => Door::NUMERIC.floats(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        // The preprocessor keeps every column.
        Some(self.width)
    }

    fn classes(&self) -> Classes<'_> {
        self.classes.as_ref().map_or(Classes::None, Classes::One)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(self.answer(self.sum(x)?))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        Ok(Self::decisions(self.sum(x)?))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(Self::probabilities(self.sum(x)?).into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        let stages = self.sums(x)?;
        let rows = x.rows();
        let decided = |stages: Vec<Array2<f64>>| stages.into_iter().map(Self::decisions).collect::<Vec<Array>>();
        Ok(match (method, &self.classes) {
            (Method::StagedPredict, Some(classes)) => {
                let indices: Vec<usize> = stages.iter().flat_map(|sums| self.labels(sums, classes)).collect();
                let labels = classes.take(&indices).reshaped(&[stages.len(), rows]);
                labels.ok_or_else(|| Error::input("the stages differ in length"))?.into()
            }
            (Method::StagedPredictProba, _) => {
                let columns = if self.baseline.len() == 1 { 2 } else { self.baseline.len() };
                let stages: Vec<Array> = stages.into_iter().map(|sums| Self::probabilities(sums).into()).collect();
                stacked(&stages, &[rows, columns]).into()
            }
            (Method::StagedDecisionFunction, _) if self.baseline.len() > 1 => {
                stacked(&decided(stages), &[rows, self.baseline.len()]).into()
            }
            (Method::StagedDecisionFunction, _) => stacked(&decided(stages), &[rows]).into(),
            (_, _) => {
                let stages: Vec<Array> = stages.into_iter().map(|sums| self.answer(sums)).collect();
                stacked(&stages, &[rows]).into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The categories below a number for which `f` holds.
    fn set(below: u8, f: impl Fn(u8) -> bool) -> Bitset {
        let mut set = [0; 8];
        (0..below)
            .filter(|&category| f(category))
            .for_each(|category| set[usize::from(category / 32)] |= 1 << (category % 32));
        set
    }

    #[test]
    fn few_categories_are_split_as_many_are() {
        let known = [set(FEW, |category| category % 3 != 0)];
        let splits: Vec<Split> = (1..20u8)
            .map(|i| Split {
                left: set(FEW, |category| u32::from(category) * u32::from(i) % 7 < 3),
                column: 0,
                missing_left: i % 2 == 0,
            })
            .collect();
        let (many, few) =
            (Categories::new(&splits, &known), Categories { columns: vec![0], masks: true, words: vec![] });
        for x in (-2..300).map(f64::from).chain([f64::NAN, 0.5, -0.5, 49.9, 3e9, f64::INFINITY, f64::NEG_INFINITY]) {
            let (mut a, mut b) = ([[x; 1]], [[x; 1]]);
            ByCategory(&many).prepare(&mut a);
            ByMask(&few).prepare(&mut b);
            for (i, split) in splits.iter().enumerate() {
                let node = |bits| Node { threshold: f64::from_bits(bits), word: <u64 as Word>::new(0, false, 7) };
                let by_words = ByCategory(&many).right(a[0][0], node(SPLIT | i as u64));
                let by_mask = ByMask(&few).right(b[0][0], node(split.mask(&known).expect("few categories")));
                assert_eq!(by_mask, by_words, "{x} at split {i}");
            }
        }
        let beyond = Split { left: set(FEW + 1, |_| true), column: 0, missing_left: false };
        assert_eq!(beyond.mask(&known), None);
    }

    #[test]
    fn missing_numbers_go_where_the_node_says_among_categories() {
        let few = Categories { columns: vec![1], masks: true, words: vec![] };
        let mut x = [[f64::from_bits(SPLIT | 5)], [3.0]];
        ByMask(&few).prepare(&mut x);
        for missing_right in [false, true] {
            let node = Node { threshold: f64::from_bits(0x4005), word: <u64 as Word>::new(0, missing_right, 7) };
            assert_eq!(ByMask(&few).right(x[0][0], node), missing_right);
        }
    }
}
