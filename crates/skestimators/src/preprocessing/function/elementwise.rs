//! Functions of numpy and SciPy that map numbers one by one.

use spec_math::cephes64::{erf, erfc, lgam};

use crate::math::{
    normal,
    special::{digamma, expit, log_expit},
};

/// A function of one number.
pub(super) type Call = fn(f64) -> f64;

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else if x.is_nan() {
        x
    } else {
        0.0
    }
}

pub(super) fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// numpy's functions of one number, and whether they take sparse numbers, of which zero stays zero.
pub(super) fn numpy(name: &str) -> Option<(Call, bool)> {
    let (call, keeps_zero): (Call, bool) = match name {
        "abs" | "absolute" | "fabs" => (f64::abs, true),
        "negative" => (|x| -x, true),
        "positive" => (|x| x, true),
        "real" => (|x| x, true),
        "conjugate" => (|x| x, false),
        "sign" => (sign, true),
        "square" => (|x| x * x, true),
        "sqrt" => (f64::sqrt, true),
        "cbrt" => (f64::cbrt, true),
        "reciprocal" => (|x| 1.0 / x, false),
        "exp" => (f64::exp, false),
        "exp2" => (f64::exp2, false),
        "expm1" => (f64::exp_m1, true),
        "log" => (f64::ln, false),
        "log2" => (f64::log2, false),
        "log10" => (f64::log10, false),
        "log1p" => (f64::ln_1p, true),
        "sin" => (f64::sin, true),
        "cos" => (f64::cos, false),
        "tan" => (f64::tan, true),
        "arcsin" => (f64::asin, true),
        "arccos" => (f64::acos, false),
        "arctan" => (f64::atan, true),
        "sinh" => (f64::sinh, true),
        "cosh" => (f64::cosh, false),
        "tanh" => (f64::tanh, true),
        "arcsinh" => (f64::asinh, true),
        "arccosh" => (f64::acosh, false),
        "arctanh" => (f64::atanh, true),
        "floor" => (f64::floor, true),
        "ceil" => (f64::ceil, true),
        "trunc" => (f64::trunc, true),
        "fix" => (f64::trunc, false),
        "rint" => (f64::round_ties_even, true),
        "deg2rad" | "radians" => (|x| x * (std::f64::consts::PI / 180.0), true),
        "rad2deg" | "degrees" => (|x| x * (180.0 / std::f64::consts::PI), true),
        "isnan" => (|x| flag(x.is_nan()), true),
        "isinf" => (|x| flag(x.is_infinite()), true),
        "isfinite" => (|x| flag(x.is_finite()), false),
        "isposinf" => (|x| flag(x == f64::INFINITY), false),
        "isneginf" => (|x| flag(x == f64::NEG_INFINITY), false),
        "signbit" => (|x| flag(x.is_sign_negative()), false),
        "logical_not" => (|x| flag(x == 0.0), false),
        "zeros_like" => (|_| 0.0, false),
        "ones_like" => (|_| 1.0, false),
        _ => return None,
    };
    Some((call, keeps_zero))
}

/// `scipy.special`'s functions of one number.
pub(super) fn scipy(name: &str) -> Option<Call> {
    Some(match name {
        "expit" => expit,
        "logit" => logit,
        "log_expit" => log_expit,
        "erf" => erf,
        "erfc" => erfc,
        "gammaln" => lgam,
        "psi" => digamma,
        "ndtr" => normal::cdf,
        "ndtri" => normal::ppf,
        "exp10" => |x| 10f64.powf(x),
        "cbrt" | "exp2" | "expm1" | "log1p" => return numpy(name).map(|(call, _)| call),
        _ => return None,
    })
}

/// The inverse of `expit`. Around a half, where it comes to zero, the quotient would lose digits.
fn logit(x: f64) -> f64 {
    if (0.3..=0.65).contains(&x) {
        let twice = 2.0 * (x - 0.5);
        return twice.ln_1p() - (-twice).ln_1p();
    }
    (x / (1.0 - x)).ln()
}

/// `numpy.round`: so many decimals of one number, in 32 bits if `in32`.
pub(super) fn round(decimals: i32, in32: bool) -> impl Fn(f64) -> f64 {
    let scale = 10f64.powi(decimals.abs());
    // Of two numbers of 32 bits, the product and the quotient in 64 bits are rounded as the exact ones would be.
    let kept = move |x: f64| if in32 { f64::from(x as f32) } else { x };
    move |x| match decimals {
        0 => x.round_ties_even(),
        1.. => kept(x * scale).round_ties_even() / scale,
        _ => kept(x / scale).round_ties_even() * scale,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn scipy_s_functions_are_those_of_scipy() {
        let x = [0.25, 0.7, 0.04];
        let expected = [
            ("expit", [0.5621765008857981, 0.6681877721681662, 0.5099986668799655]),
            ("logit", [-1.0986122886681098, 0.8472978603872034, -3.1780538303479453]),
            ("log_expit", [-0.5759394198788436, -0.4031860488854579, -0.673347167228034]),
            ("erf", [0.2763263901682369, 0.6778011938374183, 0.04511110614512475]),
            ("erfc", [0.7236736098317631, 0.3221988061625817, 0.9548888938548753]),
            ("gammaln", [1.2880225246980774, 0.2608672465316665, 3.1970781737673057]),
            ("psi", [-4.2274535333762655, -1.2200235536979347, -25.51327487891683]),
            ("ndtr", [0.5987063256829237, 0.758036347776927, 0.5159534368528308]),
            ("ndtri", [-0.6744897501960817, 0.5244005127080407, -1.75068607125217]),
            ("exp10", [1.7782794100389228, 5.011872336272722, 1.096478196143185]),
            ("log1p", [0.22314355131420976, 0.5306282510621704, 0.039220713153281295]),
        ];
        for (name, expected) in expected {
            let found = x.map(scipy(name).unwrap());
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs()), "{name}: {found:?}");
        }
        assert_eq!([0.0, 0.5, 1.0].map(logit), [f64::NEG_INFINITY, 0.0, f64::INFINITY]);
        assert_eq!([0.0, -3.0].map(lgam), [f64::INFINITY; 2]);
    }

    #[test]
    fn ties_are_rounded_as_numpy_rounds_them() {
        assert_eq!([0.125, 2.675, -1.005, 1.255].map(round(2, false)), [0.12, 2.68, -1.0, 1.25]);
        assert_eq!([1250.0, 1350.0, -50.0].map(round(-2, false)), [1200.0, 1400.0, 0.0]);
        let narrow = [0.35f32, 0.45, 0.15].map(|x| round(1, true)(x.into()) as f32);
        assert_eq!(narrow, [0.4, 0.4, 0.2]);
    }
}
