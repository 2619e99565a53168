//! Eight rows at a time, with the instructions that most x86 processors have since 2013.

use core::arch::x86_64::{
    __m256i, _CMP_GT_OQ, _CMP_NLE_UQ, _CMP_UNORD_Q, _mm256_add_epi32, _mm256_and_ps, _mm256_and_si256,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpgt_epi32, _mm256_loadu_si256,
    _mm256_mask_i32gather_epi32, _mm256_mask_i32gather_ps, _mm256_or_ps, _mm256_or_si256, _mm256_set1_epi32,
    _mm256_setr_epi32, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_srli_epi32,
    _mm256_storeu_si256, _mm256_sub_epi32, _mm256_testz_si256, _mm256_xor_si256, _rdtsc,
};

use crate::{COLUMN_BITS, Node, ROWS, Rule};

/// Groups that walk abreast: while one waits for what it gathers, the processor works at another.
const ABREAST: usize = 4;
/// Steps after which it is seen whether all have arrived.
const LOOK: u32 = 3;
/// Numbers that an index of 32 bits reaches with the columns of a word added to it.
const REACHED: usize = 1 << 30;

/// Places of a word's parts, as the instructions take them.
const MISSING: i32 = COLUMN_BITS as i32;
const CHILD: i32 = MISSING + 1;
const COLUMNS: i32 = (1 << MISSING) - 1;

/// As [`crate::walk`], on a processor with AVX2.
pub(crate) fn walk(
    nodes: &[Node<f32, u32>],
    values: &[f32],
    columns: usize,
    rule: Rule,
    steps: u32,
    at: &mut [[u32; ROWS]],
) -> bool {
    // Indices of 32 bits with a sign: below zero is nothing that a comparison with the length would stop.
    let all = at.as_flattened().iter().fold(0, |most, &at| most.max(at as usize + 1));
    let groups = at.len().checked_mul(columns).and_then(|numbers| numbers.checked_mul(ROWS));
    if nodes.len() > REACHED || all > nodes.len() || groups.is_none_or(|numbers| numbers > REACHED) {
        return false;
    }
    let values = values.get(..values.len().min(REACHED)).unwrap_or_default();
    // SAFETY: the caller saw that the processor has AVX2. The roots are among the nodes, and no number of a group is beyond `REACHED`.
    unsafe {
        match rule {
            Rule::Above => walk_by::<0>(nodes, values, columns, steps, at),
            Rule::AboveOrMissing => walk_by::<1>(nodes, values, columns, steps, at),
            Rule::NotBelow => walk_by::<2>(nodes, values, columns, steps, at),
        }
    }
    true
}

/// The number of no group.
const IDLE: usize = usize::MAX;

/// Where the first columns of a group's rows stand, and where its walks do.
#[derive(Clone, Copy)]
struct Slot {
    first: [__m256i; 2],
    at: [__m256i; 2],
    /// Its number, and how many steps it may take yet.
    group: usize,
    left: u32,
}

/// # Safety
/// All of `at` are below the number of nodes, which is at most `REACHED`, as are the length of `values` and the numbers of all groups.
#[target_feature(enable = "avx2")]
unsafe fn walk_by<const RULE: u8>(
    nodes: &[Node<f32, u32>],
    values: &[f32],
    columns: usize,
    steps: u32,
    at: &mut [[u32; ROWS]],
) {
    let lanes = [_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15)];
    let slot = |group: usize, at: &[u32; ROWS]| Slot {
        first: lanes.map(|lane| _mm256_add_epi32(lane, _mm256_set1_epi32((group * columns * ROWS) as i32))),
        // SAFETY: the two halves of sixteen words.
        at: unsafe { [_mm256_loadu_si256(at.as_ptr().cast()), _mm256_loadu_si256(at.as_ptr().add(8).cast())] },
        group,
        left: steps,
    };
    let Some(some) = at.first().filter(|_| steps > 0) else { return };
    // What has no group walks with the first one, for nothing.
    let idle = Slot { group: IDLE, ..slot(0, some) };
    let mut slots: [Slot; ABREAST] = core::array::from_fn(|i| at.get(i).map_or(idle, |at| slot(i, at)));
    let (mut next, mut walking) = (ABREAST, at.len().min(ABREAST));
    while walking > 0 {
        let mut moved = [_mm256_setzero_si256(); ABREAST];
        for look in 0..LOOK {
            for (slot, moved) in slots.iter_mut().zip(&mut moved) {
                for (at, &first) in slot.at.iter_mut().zip(&slot.first) {
                    // SAFETY: as promised here; what a step leads to is 2^22 at most, and not below zero.
                    let to = unsafe { step::<RULE>(nodes, values, first, *at) };
                    if look == 0 {
                        *moved = _mm256_or_si256(*moved, _mm256_xor_si256(*at, to));
                    }
                    *at = to;
                }
            }
        }
        for (place, moved) in slots.iter_mut().zip(moved) {
            place.left = place.left.saturating_sub(LOOK);
            let arrived = place.left == 0 || _mm256_testz_si256(moved, moved) == 1;
            let Some(there) = at.get_mut(place.group).filter(|_| arrived) else { continue };
            // SAFETY: the two halves of sixteen words.
            unsafe {
                _mm256_storeu_si256(there.as_mut_ptr().cast(), place.at[0]);
                _mm256_storeu_si256(there.as_mut_ptr().add(8).cast(), place.at[1]);
            }
            match at.get(next) {
                Some(at) => *place = slot(next, at),
                None => (place.group, walking) = (IDLE, walking - 1),
            }
            next += 1;
        }
    }
}

/// One step of eight walks; `first` says where the first column of each stands.
///
/// # Safety
/// Nothing in `at` or `first` is below zero, `first` is at most `REACHED`, and so are the numbers of nodes and values.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn step<const RULE: u8>(nodes: &[Node<f32, u32>], values: &[f32], first: __m256i, at: __m256i) -> __m256i {
    let there = _mm256_cmpgt_epi32(_mm256_set1_epi32(nodes.len() as i32), at);
    // SAFETY: only lanes are read whose index is from zero on (as promised) and below the number of nodes. A node has 8 bytes, the threshold
    // first (`repr(C)`): where there is a node, there is its word.
    let (threshold, word) = unsafe {
        let first = nodes.as_ptr();
        (
            _mm256_mask_i32gather_ps::<8>(_mm256_setzero_ps(), first.cast(), at, _mm256_castsi256_ps(there)),
            _mm256_mask_i32gather_epi32::<8>(_mm256_setzero_si256(), first.cast::<i32>().wrapping_add(1), at, there),
        )
    };
    let column = _mm256_slli_epi32::<{ ROWS.ilog2() as i32 }>(_mm256_and_si256(word, _mm256_set1_epi32(COLUMNS)));
    // At most 2^30 + 511 * 16: no index is below zero.
    let index = _mm256_add_epi32(first, column);
    let there = _mm256_cmpgt_epi32(_mm256_set1_epi32(values.len() as i32), index);
    // SAFETY: only lanes are read whose index is from zero on and below the number of values, of 4 bytes each.
    let x = unsafe {
        _mm256_mask_i32gather_ps::<4>(_mm256_setzero_ps(), values.as_ptr(), index, _mm256_castsi256_ps(there))
    };
    let right = match RULE {
        0 => _mm256_cmp_ps::<_CMP_GT_OQ>(x, threshold),
        1 => {
            // The bit of missing values as a sign; a comparison with zero makes it a mask.
            let sign = _mm256_slli_epi32::<{ 31 - MISSING }>(word);
            let missing = _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_setzero_si256(), sign));
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x);
            _mm256_or_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(x, threshold), _mm256_and_ps(nan, missing))
        }
        _ => _mm256_cmp_ps::<_CMP_NLE_UQ>(x, threshold),
    };
    // A mask is minus one.
    _mm256_sub_epi32(_mm256_srli_epi32::<CHILD>(word), _mm256_castps_si256(right))
}

/// What some work takes, in ticks of the processor's clock.
pub(crate) fn ticks(mut work: impl FnMut()) -> u64 {
    // SAFETY: every x86 processor of 64 bits has the instruction.
    let clock = || unsafe { _rdtsc() };
    let start = clock();
    work();
    clock().wrapping_sub(start)
}
