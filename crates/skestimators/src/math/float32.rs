//! Exponential and logarithm of 32-bit floats with numpy's last bit.
//!
//! On processors with AVX2 or AVX-512 numpy does not call the C library for these, and its results differ from the correctly
//! rounded ones in about a third of all cases. Where an answer in 32 bits is amplified afterwards (a probability near 1 becomes a
//! log-odds), that bit shows. The rational approximations are numpy's; all of 300,000 random arguments agree with numpy 2.4.

// Constants are spelled as bits, since the last one counts.

/// `numpy.exp` in 32 bits: `2^q` times a rational function of what `q` leaves.
pub(crate) fn exp(x: f32) -> f32 {
    const P: [f32; 6] = [
        f32::from_bits(0x3a053dd8),
        f32::from_bits(0x3bdd7159),
        f32::from_bits(0x3d517d8c),
        f32::from_bits(0x3e7d4c58),
        f32::from_bits(0x3f39cbd5),
        f32::from_bits(0x3f800000),
    ];
    const Q: [f32; 3] = [f32::from_bits(0x3cb0e832), f32::from_bits(0xbe8c6857), f32::from_bits(0x3f800000)];
    if x.is_nan() || x.is_infinite() || x.abs() < f32::MIN_POSITIVE {
        return if x.is_nan() || x == f32::INFINITY {
            x
        } else if x == f32::NEG_INFINITY {
            0.0
        } else {
            1.0
        };
    }
    // Adding and taking off 1.5 * 2^23 rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let q = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = q.mul_add(f32::from_bits(0xb5bfbe8e), q.mul_add(f32::from_bits(0xbf317200), x));
    let y = horner(&P, r) / horner(&Q, r);
    // In two steps, each of which a float can hold: results may be subnormal, or overflow to infinity.
    let q = (q as i32).clamp(-300, 300);
    let half = q / 2;
    y * power_of_two(half) * power_of_two(q - half)
}

/// `numpy.log` in 32 bits: a rational function of the mantissa, and the exponent times ln 2.
pub(crate) fn ln(x: f32) -> f32 {
    const P: [f32; 6] = [
        f32::from_bits(0x3cd42bcd),
        f32::from_bits(0x3ec30333),
        f32::from_bits(0x3fbd70a9),
        f32::from_bits(0x4007361c),
        f32::from_bits(0x3f800000),
        f32::from_bits(0x00000000),
    ];
    const Q: [f32; 6] = [
        f32::from_bits(0x3bc083df),
        f32::from_bits(0x3e1e5bf3),
        f32::from_bits(0x3f7c8ae4),
        f32::from_bits(0x401cfe0d),
        f32::from_bits(0x4027361c),
        f32::from_bits(0x3f800000),
    ];
    if !(x.is_normal() && x > 0.0) {
        return x.ln();
    }
    let bits = x.to_bits();
    let mut exponent = (bits >> 23) as i32 - 127;
    let mut mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
    if mantissa > std::f32::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let w = mantissa - 1.0;
    (exponent as f32).mul_add(std::f32::consts::LN_2, horner(&P, w) / horner(&Q, w))
}

/// A polynomial, the highest power first, each step rounded once.
fn horner(coefficients: &[f32], x: f32) -> f32 {
    coefficients.iter().skip(1).fold(coefficients[0], |sum, &c| sum.mul_add(x, c))
}

fn power_of_two(exponent: i32) -> f32 {
    2f32.powi(exponent)
}

#[cfg(test)]
#[path = "float32_cases.rs"]
mod cases;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bit_is_numpys() {
        // [f(np.float32(x)) for x in ...] under numpy 2.4.6 on a processor with AVX-512, as bits.
        for (x, e, l) in cases::CASES {
            let x = f32::from_bits(x);
            assert_eq!(exp(x).to_bits(), e, "exp({x})");
            assert_eq!(ln(x.abs()).to_bits(), l, "ln({})", x.abs());
        }
    }

    #[test]
    fn the_ends_are_those_of_the_exact_functions() {
        assert_eq!((exp(f32::INFINITY), exp(f32::NEG_INFINITY), exp(0.0)), (f32::INFINITY, 0.0, 1.0));
        assert_eq!((exp(200.0), exp(-200.0)), (f32::INFINITY, 0.0));
        assert!(exp(f32::NAN).is_nan() && ln(-1.0).is_nan());
        assert_eq!((ln(0.0), ln(f32::INFINITY), ln(1.0)), (f32::NEG_INFINITY, f32::INFINITY, 0.0));
    }
}
