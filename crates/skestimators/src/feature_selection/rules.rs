//! Which columns the tests of one column each keep (`_univariate_selection.py`).

use std::cmp::Ordering;

use skpickle::Shared;

use crate::{error::Result, math::sort_indices, state::State};

/// How columns are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Percentile,
    KBest,
    Fpr,
    Fdr,
    Fwe,
}

/// `None` keeps every column.
fn k_of(s: &State<'_, '_>, name: &str) -> Result<Option<usize>> {
    let obj = s.raw(name)?;
    if obj.str().is_ok_and(|word| word == "all") {
        return Ok(None);
    }
    // Written as a float it counts too.
    let k: f64 = obj.get()?;
    s.require(k >= 0.0 && k.fract() == 0.0, format_args!("{name}={k}, expected a number of columns or 'all'"))?;
    Ok(Some(k as usize))
}

/// The mask of a selector by its mode, whose parameter is called `name`.
pub(crate) fn mask(s: &State<'_, '_>, mode: Mode, name: &str) -> Result<Vec<bool>> {
    if let Mode::Percentile | Mode::KBest = mode {
        let scores: Shared<f64> = s.get("scores_")?;
        // A score that is missing counts as the lowest.
        let scores: Vec<f64> = scores.iter().map(|&v| if v.is_nan() { f64::MIN } else { v }).collect();
        if mode == Mode::KBest {
            let k = k_of(s, name)?;
            return Ok(best(&scores, k.unwrap_or(scores.len())));
        }
        let single = s.raw("scores_")?.array()?.dtype().is_f32();
        return Ok(percentile(&scores, s.get(name)?, single));
    }
    let p: Shared<f64> = s.get("pvalues_")?;
    let alpha: f64 = s.get(name)?;
    let n = p.len() as f64;
    Ok(match mode {
        Mode::Fpr => p.iter().map(|&v| v < alpha).collect(),
        Mode::Fwe => p.iter().map(|&v| v < alpha / n).collect(),
        _ => discoveries(&p, alpha),
    })
}

/// The procedure of Benjamini and Hochberg.
fn discoveries(p: &[f64], alpha: f64) -> Vec<bool> {
    // NaN comes last whatever its sign.
    let mut sorted: Vec<f64> = p.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let bound = |i: usize| alpha / p.len() as f64 * (i + 1) as f64;
    let largest = sorted.iter().enumerate().filter(|&(i, &v)| v <= bound(i)).map(|(_, &v)| v).next_back();
    p.iter().map(|&v| largest.is_some_and(|largest| v <= largest)).collect()
}

/// The `k` highest scores; of equal ones the last.
fn best(scores: &[f64], k: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    sort_indices(&mut order, &mut |a, b| scores[a].partial_cmp(&scores[b]).unwrap_or(Ordering::Equal));
    let mut mask = vec![false; scores.len()];
    order[scores.len().saturating_sub(k)..].iter().for_each(|&j| mask[j] = true);
    mask
}

/// Scores of 32 bits are compared with a threshold of so many.
fn percentile(scores: &[f64], percent: f64, single: bool) -> Vec<bool> {
    if percent == 100.0 || percent == 0.0 || scores.is_empty() {
        return vec![percent == 100.0; scores.len()];
    }
    let threshold = quantile(scores, (100.0 - percent) / 100.0);
    let threshold = if single { f64::from(threshold as f32) } else { threshold };
    let mut mask: Vec<bool> = scores.iter().map(|&v| v > threshold).collect();
    let kept = mask.iter().filter(|&&on| on).count() as i64;
    let ties: Vec<usize> = (0..scores.len()).filter(|&j| scores[j] == threshold).collect();
    let room = (scores.len() as f64 * percent / 100.0) as i64 - kept;
    // A negative number counts from the end, as in Python's slices.
    let room = if room < 0 { room + ties.len() as i64 } else { room };
    let room = usize::try_from(room).unwrap_or(0).min(ties.len());
    ties[..room].iter().for_each(|&j| mask[j] = true);
    mask
}

/// `numpy.quantile` of at least one value, interpolated linearly.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let (a, b) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    let t = place - place.floor();
    if t == 0.0 {
        a
    } else if t >= 0.5 {
        b - (b - a) * (1.0 - t)
    } else {
        a + (b - a) * t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_scores_the_last_are_best_and_the_first_are_kept_by_percentile() {
        assert_eq!(best(&[1.0, 2.0, 1.0, 1.0], 2), [false, true, false, true]);
        assert_eq!(percentile(&[1.0, 1.0, 1.0, 1.0], 50.0, false), [true, true, false, false]);
        let scores = [0.959, 83.985, 69.171].map(|v: f32| f64::from(v));
        assert_eq!(percentile(&scores, 1e-5, true), [false; 3]);
        assert_eq!(percentile(&scores, 1e-5, false), [false, true, false]);
    }

    #[test]
    fn a_column_without_a_p_value_is_the_last_whatever_the_sign_of_its_nan() {
        for nan in [f64::NAN, -f64::NAN] {
            assert_eq!(discoveries(&[6e-4, 5e-6, nan], 1e-5), [false, false, false]);
            assert_eq!(discoveries(&[6e-4, 3e-6, nan], 1e-5), [false, true, false]);
        }
    }
}
