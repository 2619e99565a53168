//! `sklearn.feature_extraction.image.PatchExtractor`: every patch of every image.

use ndarray::{ArrayD, Axis, Ix4, IxDyn};

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Numbers that an answer may have.
const LARGEST: usize = 1 << 27;

struct PatchExtractor {
    /// Height and width; a tenth of the image's otherwise.
    size: Option<(usize, usize)>,
    /// NaN and infinities are refused (since 1.3).
    checks: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    if s.has("max_patches") {
        return Err(s.unsupported(
            "max_patches: patches are drawn at random in transform; set max_patches=None and save the model again",
        ));
    }
    let size = match s.opt::<Vec<usize>>("patch_size")?.as_deref() {
        None => None,
        Some(&[height, width]) => Some((height, width)),
        Some(_) => return Err(s.error("patch_size must be a tuple of two integers.")),
    };
    s.ignored(&["random_state"]);
    Ok(Box::new(PatchExtractor { size, checks: s.version() >= (1, 3) }))
}

impl PatchExtractor {
    fn patches(&self, images: ArrayD<f64>) -> Result<ArrayD<f64>> {
        let shape = images.shape().to_vec();
        let (&[n, height, width] | &[n, height, width, _]) = shape.as_slice() else {
            return Err(Error::input(format_args!(
                "not enough values to unpack (expected 3, got {}): images of shape (n_samples, height, width) or \
                 (n_samples, height, width, channels) are expected",
                shape.len()
            )));
        };
        if self.checks && n == 0 {
            return Err(Error::input(format_args!(
                "Found array with 0 sample(s) (shape=(0, {height}, {width})) while a minimum of 1 is required by PatchExtractor."
            )));
        }
        if self.checks && images.iter().any(|v| !v.is_finite()) {
            let what = if images.iter().any(|v| v.is_nan()) {
                "NaN"
            } else {
                "infinity or a value too large for dtype('float64')"
            };
            return Err(Error::input(format_args!("Input X contains {what}.")));
        }
        let channels = shape.get(3).copied().unwrap_or(1);
        let (p_height, p_width) = self.size.unwrap_or((height / 10, width / 10));
        for (name, patch, image) in [("Height", p_height, height), ("Width", p_width, width)] {
            if patch > image {
                return Err(Error::input(format_args!(
                    "{name} of the patch should be less than the {} of the image.",
                    name.to_lowercase()
                )));
            }
        }
        if p_height == 0 || p_width == 0 {
            // A tenth of a small image.
            return Err(Error::input(format_args!(
                "cannot reshape array of size 0 into shape ({p_height},{p_width},{channels})"
            )));
        }
        let (down, across) = (height - p_height + 1, width - p_width + 1);
        let sizes = [n, down, across, p_height, p_width, channels];
        let cells = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
        if cells.is_none_or(|cells| cells > LARGEST) || sizes[..3].iter().product::<usize>() > LARGEST {
            return Err(Error::input(format_args!(
                "the patches come to more than {LARGEST} numbers; give fewer images at a time"
            )));
        }
        let wrong = |_| Error::input("images of one shape are expected");
        let images: ndarray::Array<f64, Ix4> =
            images.into_shape_with_order((n, height, width, channels)).map_err(wrong)?;
        let mut out = Vec::with_capacity(cells.unwrap_or(0));
        for image in images.axis_iter(Axis(0)) {
            for (top, left) in (0..down).flat_map(|top| (0..across).map(move |left| (top, left))) {
                for row in top..top + p_height {
                    for column in left..left + p_width {
                        out.extend((0..channels).map(|channel| image[[row, column, channel]]));
                    }
                }
            }
        }
        let mut shape = vec![n * down * across, p_height, p_width];
        if channels > 1 {
            shape.push(channels);
        }
        ArrayD::from_shape_vec(IxDyn(&shape), out).map_err(wrong)
    }
}

impl Estimator for PatchExtractor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let images = match x {
            Samples::Array(array) => array.to_f64(),
            other => other.dense().ok().map(|x| x.into_owned().into_dyn()),
        };
        let images = images.ok_or_else(|| Error::input(format_args!("images are expected, found {}", x.kind())))?;
        self.patches(images).map(|patches| Samples::Array(Array::F64(patches)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_go_row_by_row_and_keep_channels() {
        let extractor = PatchExtractor { size: Some((2, 1)), checks: true };
        let image = ArrayD::from_shape_fn(IxDyn(&[1, 2, 2, 2]), |i| (i[1] * 4 + i[2] * 2 + i[3]) as f64);
        let patches = extractor.patches(image).unwrap_or_default();
        assert_eq!(patches.shape(), [2, 2, 1, 2]);
        assert_eq!(patches.into_iter().collect::<Vec<f64>>(), [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]);
        assert!(extractor.patches(ArrayD::zeros(IxDyn(&[1, 1, 2]))).is_err());
        // A tenth of nine rows is none.
        let tenth = PatchExtractor { size: None, checks: true };
        assert!(tenth.patches(ArrayD::zeros(IxDyn(&[1, 9, 20]))).is_err());
        assert!(tenth.patches(ArrayD::zeros(IxDyn(&[1, 10, 20]))).is_ok());
    }
}
