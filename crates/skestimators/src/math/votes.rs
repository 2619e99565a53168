//! From one decision for each pair of classes to one for each class.

use ndarray::Array2;

/// How the sums of confidences are kept from outweighing a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// `x / (3 (|x| + 1))`.
    Monotonic,
    /// Scaled below one half by the largest sum among all samples (before 0.21).
    Batch,
}

/// `sklearn.utils.multiclass._ovr_decision_function`: the votes of each class, with the sums of confidences to break ties.
///
/// `predictions[i, k]` says whether the second class of the pair `k` won, `confidences[i, k]` is large when it did.
pub(crate) fn ovr_decision_function(
    predictions: &Array2<bool>,
    confidences: &Array2<f64>,
    classes: usize,
    spread: Spread,
) -> Array2<f64> {
    let mut votes = Array2::<f64>::zeros((confidences.nrows(), classes));
    let mut sums = votes.clone();
    let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
    for (k, (i, j)) in pairs.enumerate().take(confidences.ncols()) {
        for row in 0..confidences.nrows() {
            let confidence = confidences[[row, k]];
            sums[[row, i]] -= confidence;
            sums[[row, j]] += confidence;
            votes[[row, if predictions[[row, k]] { j } else { i }]] += 1.0;
        }
    }
    match spread {
        Spread::Monotonic => votes.zip_mut_with(&sums, |vote, &sum| *vote += sum / (3.0 * (sum.abs() + 1.0))),
        Spread::Batch => {
            let max = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let min = sums.iter().copied().fold(f64::INFINITY, f64::min);
            if max > min {
                let scale = (0.5 - f64::EPSILON) / max.abs().max(min.abs());
                votes.zip_mut_with(&sums, |vote, &sum| *vote += sum * scale);
            }
        }
    }
    votes
}
