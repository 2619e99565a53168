//! How much each column counts in a fitted estimator: `coef_` or `feature_importances_`, computed where Python has a property.

use std::ops::Range;

use ndarray::{Array1, Array2, Axis};
use skpickle::{ErrorKind, Obj, Shared};

use crate::{
    error::{Error, Result},
    math::{Matrix, dot},
    state::State,
};

/// Importances by column: of one dimension (sign kept), or of one row for each output.
pub(crate) enum Importances {
    Flat(Vec<f64>),
    Rows(Array2<f64>),
}

/// What the getter of a selector finds; `auto` without one.
pub(crate) fn of<'g>(
    s: &State<'_, 'g>,
    estimator: &Obj<'g>,
    getter: Option<&str>,
    coef_first: bool,
) -> Result<Importances> {
    let state = s.open(estimator)?;
    if let Some(path) = getter {
        return by_path(&state, path);
    }
    let order = if coef_first { ["coef_", "feature_importances_"] } else { ["feature_importances_", "coef_"] };
    for name in order {
        if let Some(found) = attribute(&state, name)? {
            return Ok(found);
        }
    }
    Err(s.unsupported(format_args!(
        "the importances of {} cannot be told: it has neither coef_ nor feature_importances_",
        state.class()
    )))
}

/// `attrgetter`: names between dots.
fn by_path(state: &State<'_, '_>, path: &str) -> Result<Importances> {
    let Some((first, rest)) = path.split_once('.') else {
        return attribute(state, path)?.ok_or_else(|| {
            state.unsupported(format_args!(
                "'{}' object has no attribute '{}'",
                state.class(),
                skpickle::printable(path)
            ))
        });
    };
    if first == "named_steps" {
        let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
        for pair in state.raw("steps")?.items()? {
            if let [step, object] = &pair.items()?[..]
                && step.str()? == name
            {
                return by_path(&state.open(object)?, rest);
            }
        }
        return Err(state.error(format_args!("no step is called '{}'", skpickle::printable(name))));
    }
    by_path(&state.child(first)?, rest)
}

fn attribute(state: &State<'_, '_>, name: &str) -> Result<Option<Importances>> {
    // What it does not have itself, a frozen estimator takes from the one inside.
    if state.class() == "FrozenEstimator" {
        let inside = state.child("estimator")?;
        return if inside.class() == state.class() { Ok(None) } else { attribute(&inside, name) };
    }
    if let Some(obj) = state.raw_opt(name) {
        let flat = !obj.is_sparse() && obj.array().is_ok_and(|array| array.shape().len() == 1);
        let matrix: Matrix = obj.get()?;
        return Ok(Some(if flat {
            Importances::Flat(matrix.data.to_vec())
        } else {
            Importances::Rows(matrix.view().to_owned())
        }));
    }
    match name {
        "feature_importances_" => Ok(feature_importances(state)?.map(Importances::Flat)),
        "coef_" => Ok(coefficients(state)?.map(Importances::Rows)),
        _ => Ok(None),
    }
}

fn feature_importances(state: &State<'_, '_>) -> Result<Option<Vec<f64>>> {
    if !state.class().starts_with("AdaBoost") || !state.has("estimators_") {
        return of_trees(state);
    }
    let weights: Shared<f64> = state.get("estimator_weights_")?;
    let (mut sum, mut total): (Vec<f64>, f64) = (Vec::new(), 0.0);
    for (member, &weight) in state.objects("estimators_")?.iter().zip(weights.iter()) {
        let member = state.open(member)?;
        let values =
            of_trees(&member)?.ok_or_else(|| member.unsupported("the importances of these members cannot be told"))?;
        add(&mut sum, &values, weight);
        total += weight;
    }
    divide(&mut sum, total);
    Ok(Some(sum))
}

/// Importances of a tree or of a class whose members are trees.
fn of_trees(state: &State<'_, '_>) -> Result<Option<Vec<f64>>> {
    if state.has("tree_") {
        return Ok(Some(of_tree(&state.raw("tree_")?, true)?.0));
    }
    let class = state.class();
    let boosted = class.starts_with("GradientBoosting");
    let forest = ["RandomForest", "ExtraTrees", "RandomTreesEmbedding"].iter().any(|name| class.starts_with(name));
    if !state.has("estimators_") || !boosted && !forest {
        return Ok(None);
    }
    let (mut sum, mut count): (Vec<f64>, f64) = (Vec::new(), 0.0);
    let old_boosting = boosted && state.version() < (0, 20);
    for member in &state.objects("estimators_")? {
        let tree = state.open(member)?.raw_opt("tree_").ok_or_else(|| member.expected("a tree"))?;
        let (values, nodes) = of_tree(&tree, !boosted || old_boosting)?;
        // Trees of one leaf say nothing.
        let counts = old_boosting || nodes > 1;
        add(&mut sum, &values, f64::from(u8::from(counts)));
        count += f64::from(u8::from(counts));
    }
    divide(&mut sum, count);
    if !old_boosting {
        let total = sum.iter().sum();
        divide(&mut sum, total);
    }
    Ok(Some(sum))
}

fn add(sum: &mut Vec<f64>, values: &[f64], weight: f64) {
    sum.resize(sum.len().max(values.len()), 0.0);
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
}

/// Divides by what is more than nothing.
fn divide(values: &mut [f64], by: f64) {
    if by > 0.0 {
        values.iter_mut().for_each(|value| *value /= by);
    }
}

/// What each column took off the impurity, and the number of nodes.
fn of_tree(tree: &Obj<'_>, normalize: bool) -> Result<(Vec<f64>, usize)> {
    let wrong = |message: &str| -> Error { tree.error(ErrorKind::Value, message).into() };
    let args = tree.args()?;
    let columns: usize = args.first().ok_or_else(|| wrong("a tree without its number of features"))?.get()?;
    tree.charge((columns as u64).saturating_mul(8))?;
    let nodes = tree.field("nodes")?.array()?;
    let (left, right) = (nodes.column("left_child")?.i64s()?, nodes.column("right_child")?.i64s()?);
    let features = nodes.column("feature")?.i64s()?;
    let (impurity, weight) = (nodes.column("impurity")?.f64s()?, nodes.column("weighted_n_node_samples")?.f64s()?);
    let mut out = vec![0.0; columns];
    for i in 0..left.len() {
        if left[i] == -1 {
            continue;
        }
        let (Ok(l), Ok(r), Ok(feature)) =
            (usize::try_from(left[i]), usize::try_from(right[i]), usize::try_from(features[i]))
        else {
            return Err(wrong("a node points outside the tree"));
        };
        if l >= left.len() || r >= left.len() || feature >= columns {
            return Err(wrong("a node points outside the tree"));
        }
        out[feature] += weight[i] * impurity[i] - weight[l] * impurity[l] - weight[r] * impurity[r];
    }
    if let Some(&total) = weight.first() {
        out.iter_mut().for_each(|v| *v /= total);
    }
    if normalize {
        let total = out.iter().sum();
        divide(&mut out, total);
    }
    Ok((out, left.len()))
}

/// `coef_` of the support vector machines with a linear kernel.
fn coefficients(state: &State<'_, '_>) -> Result<Option<Array2<f64>>> {
    // Up to 1.0 some naive Bayes classifiers passed for linear ones: of two classes only the second has coefficients.
    if state.version() < (1, 1) && matches!(state.class(), "MultinomialNB" | "BernoulliNB" | "ComplementNB") {
        let rows: Matrix = state.get("feature_log_prob_")?;
        let skipped = usize::from(state.classes()?.len() == 2 && rows.rows == 2);
        return Ok(Some(rows.view().slice_axis(Axis(0), (skipped..).into()).to_owned()));
    }
    if !state.has("dual_coef_")
        || !state.has("support_vectors_")
        || state.raw("kernel")?.str().ok().as_deref() != Some("linear")
    {
        return Ok(None);
    }
    let (dual, vectors): (Matrix, Matrix) = (state.get("dual_coef_")?, state.get("support_vectors_")?);
    state.require(dual.columns == vectors.rows, "dual_coef_ is not for the support vectors")?;
    state.obj().charge(8 * vectors.data.len() as u64)?;
    let features = vectors.transposed();
    let part = |row: usize, range: Range<usize>| -> Array1<f64> {
        (0..features.rows).map(|j| dot(&dual.row(row)[range.clone()], &features.row(j)[range.clone()])).collect()
    };
    if dual.rows == 1 {
        return Ok(Some(part(0, 0..dual.columns).insert_axis(Axis(0))));
    }
    let counts: Shared<i64> = state.renamed(&["n_support_", "_n_support"])?;
    let counts: Vec<usize> = counts.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
    let mut starts = vec![0usize];
    for &n in &counts {
        starts.push(starts.last().copied().unwrap_or(0).saturating_add(n));
    }
    state.require(
        counts.len() == dual.rows + 1 && starts.last() == Some(&vectors.rows),
        "n_support_ is not for the support vectors",
    )?;
    let of_class = |row: usize, class: usize| part(row, starts[class]..starts[class + 1]);
    let mut rows = Vec::new();
    for first in 0..counts.len() {
        for second in first + 1..counts.len() {
            rows.push(of_class(second - 1, first) + of_class(first, second));
        }
    }
    let views: Vec<_> = rows.iter().map(|row| row.view()).collect();
    Ok(ndarray::stack(Axis(0), &views).ok())
}

/// `numpy.mean`, added up in numpy's order, on which the tie with the threshold can depend.
pub(crate) fn mean(values: &[f64]) -> f64 {
    fn sum(values: &[f64]) -> f64 {
        if values.len() < 8 {
            return values.iter().sum();
        }
        if values.len() > 128 {
            let half = values.len() / 2;
            let half = half - half % 8;
            return sum(&values[..half]) + sum(&values[half..]);
        }
        let mut r = [0.0; 8];
        let chunks = values.chunks_exact(8);
        let rest = chunks.remainder();
        for chunk in chunks {
            r.iter_mut().zip(chunk).for_each(|(r, v)| *r += v);
        }
        let total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        rest.iter().fold(total, |total, v| total + v)
    }
    sum(values) / values.len() as f64
}
