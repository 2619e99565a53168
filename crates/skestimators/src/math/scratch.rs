//! Buffers that outlive a call, so that a small request allocates nothing but its answer.
//!
//! Each thread keeps a few small ones. What is given back is reused; what is not (an answer, a large batch) is simply dropped.

use std::cell::RefCell;

use ndarray::{Array2, ArrayView2};

/// Buffers kept for each element type.
const KEPT: usize = 8;
/// Elements of the largest buffer that is kept.
const SMALL: usize = 1 << 15;

/// Element types with a store of their own.
pub(crate) trait Pooled: Copy + Default + 'static {
    /// Gives the thread's store to `use_store`.
    fn with<R>(use_store: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> Option<R>;
}

macro_rules! pooled {
    ($($t:ty)*) => { $(
        impl Pooled for $t {
            fn with<R>(use_store: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> Option<R> {
                thread_local! {
                    static STORE: RefCell<Vec<Vec<$t>>> = const { RefCell::new(Vec::new()) };
                }
                // A thread that is ending has no store any more.
                STORE.try_with(|store| store.try_borrow_mut().ok().map(|mut store| use_store(&mut store))).ok().flatten()
            }
        }
    )* };
}

pooled! { f64 f32 usize i32 }

/// An empty buffer.
pub(crate) fn empty<T: Pooled>() -> Vec<T> {
    T::with(Vec::pop).flatten().unwrap_or_default()
}

/// A buffer of `len` zeros.
pub(crate) fn zeros<T: Pooled>(len: usize) -> Vec<T> {
    let mut buffer = empty();
    buffer.resize(len, T::default());
    buffer
}

/// A matrix of zeros.
pub(crate) fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    // `zeros` has as many elements as the shape wants.
    Array2::from_shape_vec((rows, columns), zeros(rows * columns)).unwrap_or_default()
}

/// A copy of a matrix, in rows.
pub(crate) fn copy(matrix: &ArrayView2<'_, f64>) -> Array2<f64> {
    let mut buffer = empty();
    match matrix.as_slice() {
        Some(values) => buffer.extend_from_slice(values),
        None => buffer.extend(matrix.iter()),
    }
    Array2::from_shape_vec(matrix.raw_dim(), buffer).unwrap_or_default()
}

/// Takes a buffer back.
pub(crate) fn give<T: Pooled>(mut buffer: Vec<T>) {
    if buffer.capacity() == 0 || buffer.capacity() > SMALL {
        return;
    }
    buffer.clear();
    T::with(|store| {
        if store.len() < KEPT {
            store.push(buffer);
        }
    });
}

/// Takes the buffer of a matrix back.
pub(crate) fn give_matrix(matrix: Array2<f64>) {
    give(matrix.into_raw_vec_and_offset().0);
}
