//! Where the middle of the data was, by what estimators keep of it.

use skpickle::{Obj, Scalar};

use super::{Feature, FeatureKind, scalar};
use crate::json::Json;

/// Attributes with one value a column, the middle of the data or near it.
const MIDDLES: [&str; 8] = ["statistics_", "mean_", "center_", "xbar_", "location_", "_x_mean", "x_mean_", "X_offset_"];

/// Attributes with a row a class, a cluster or a sample; the first will do.
const ROWS: [&str; 8] =
    ["cluster_centers_", "theta_", "centroids_", "means_", "_fit_X", "X_fit_", "X_train_", "support_vectors_"];

/// Trees of a forest that are looked at.
const TREES: usize = 10;

/// Values of arrays that are read for the sake of an example.
const VALUES: usize = 4_000_000;

/// Gives the columns that have none yet a value from the middle of what the estimator has seen.
pub(super) fn set(obj: &Obj<'_>, columns: &[usize], features: &mut [Feature]) {
    let Some(values) = middle(obj, columns.len()) else { return };
    for (&column, value) in columns.iter().zip(values) {
        let Some(feature) = features.get_mut(column) else { continue };
        let Some(value) = value else { continue };
        if feature.kind == FeatureKind::Number && matches!(value, Json::Str(_)) {
            feature.kind = FeatureKind::Text;
        }
        feature.centre.get_or_insert(value);
    }
}

/// Whether an imputer has a value for every column, so that it drops none.
pub(super) fn is_whole(obj: &Obj<'_>, width: usize) -> bool {
    let Ok(field) = obj.field("statistics_") else { return true };
    let missing = |value: &Scalar| matches!(value, Scalar::None) || value.as_f64().is_some_and(f64::is_nan);
    field.values().is_ok_and(|values| values.len() == width && !values.iter().any(missing))
}

fn middle(obj: &Obj<'_>, width: usize) -> Option<Vec<Option<Json>>> {
    if width == 0 {
        return None;
    }
    let numbers = |values: Vec<f64>| Some(values.into_iter().map(rounded).collect::<Vec<_>>());
    for name in MIDDLES {
        let Some(values) = obj.field(name).ok().and_then(|field| field.values().ok()) else { continue };
        if values.len() == width {
            let value = |value: Scalar| match value.as_f64() {
                Some(x) => rounded(x),
                None => Some(scalar(value)).filter(|value| *value != Json::Null),
            };
            return Some(values.into_iter().map(value).collect());
        }
    }
    if let (Some(low), Some(high)) = (row(obj, "data_min_", width), row(obj, "data_max_", width)) {
        return numbers(low.iter().zip(high).map(|(low, high)| f64::midpoint(*low, high)).collect());
    }
    let bound = |name: &str| obj.field(name).ok()?.get::<f64>().ok();
    if let (1, Some(low), Some(high)) = (width, bound("X_min_"), bound("X_max_")) {
        return numbers(vec![f64::midpoint(low, high)]);
    }
    if let Some(values) = ROWS.iter().find_map(|name| row(obj, name, width)) {
        return numbers(values);
    }
    if let Some(quantiles) = obj.field("quantiles_").ok().and_then(|field| field.array().ok()) {
        let [rows, _] = *quantiles.shape() else { return None };
        let values = quantiles.f64s().ok()?;
        return numbers(values.chunks_exact(width).nth(rows / 2)?.to_vec());
    }
    thresholds(obj, width)
}

/// The first row of an array of this width.
fn row(obj: &Obj<'_>, name: &str, width: usize) -> Option<Vec<f64>> {
    let array = obj.field(name).ok()?.array().ok()?;
    let fits = array.shape().last() == Some(&width) && array.shape().len() <= 2 && !array.is_empty();
    if !fits || array.len() > VALUES {
        return None;
    }
    array.f64s().ok()?.get(..width).map(<[f64]>::to_vec)
}

/// The middle of each column's thresholds in a tree, or in the first trees of a forest.
fn thresholds(obj: &Obj<'_>, width: usize) -> Option<Vec<Option<Json>>> {
    let mut found: Vec<Vec<f64>> = vec![Vec::new(); width];
    let trees: Vec<Obj<'_>> = match obj.field("tree_") {
        Ok(tree) => vec![tree],
        Err(_) => {
            let members = obj.field("estimators_").ok()?;
            let members = members.array().and_then(|array| array.objects()).or_else(|_| members.items()).ok()?;
            members.iter().take(TREES).filter_map(|member| member.field("tree_").ok()).collect()
        }
    };
    for tree in &trees {
        let nodes = tree.state()?.entry("nodes").ok()?.array().ok()?;
        let columns = nodes.column("feature").ok()?.i64s().ok()?;
        let values = nodes.column("threshold").ok()?.f64s().ok()?;
        for (column, value) in columns.into_iter().zip(values) {
            // Leaves have a negative column.
            if let Some(found) = usize::try_from(column).ok().and_then(|column| found.get_mut(column)) {
                found.push(value);
            }
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().and_then(rounded)
    };
    found.iter().any(|values| !values.is_empty()).then(|| found.into_iter().map(median).collect())
}

/// Four digits are enough for an example.
fn rounded(x: f64) -> Option<Json> {
    // What is left of a mean that was taken away is no value to begin with.
    let text = format!("{:.3e}", if x.abs() < 1e-12 { 0.0 } else { x });
    let short: f64 = text.parse().ok().filter(|x: &f64| x.is_finite())?;
    Some(if short == short.trunc() && short.abs() < 1e15 { Json::Int(short as i64) } else { Json::Float(short) })
}
