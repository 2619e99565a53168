//! `numpy.random.RandomState`, as far as predictions draw from it.

/// Words of the Mersenne Twister's state.
const WORDS: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne Twister MT19937, seeded and read as `numpy.random.RandomState(seed)` does it.
pub(crate) struct RandomState {
    key: Vec<u32>,
    position: usize,
}

impl RandomState {
    pub(crate) fn new(seed: u32) -> Self {
        let mut key = Vec::with_capacity(WORDS);
        let mut word = seed;
        for i in 1..=WORDS as u32 {
            key.push(word);
            word = 1_812_433_253u32.wrapping_mul(word ^ (word >> 30)).wrapping_add(i);
        }
        RandomState { key, position: WORDS }
    }

    fn refill(&mut self) {
        for i in 0..WORDS {
            let y = self.key[i] & 0x8000_0000 | self.key[(i + 1) % WORDS] & 0x7fff_ffff;
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[i] = self.key[(i + SHIFT) % WORDS] ^ (y >> 1) ^ odd;
        }
        self.position = 0;
    }

    /// 32 random bits.
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.position == WORDS {
            self.refill();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A double in [0, 1) of 53 random bits.
    pub(crate) fn next_f64(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// `randint(n)`: numbers that the mask lets through but that are too large are thrown away.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let last = n.saturating_sub(1);
        if last == 0 {
            return 0;
        }
        let mask = u32::MAX >> last.leading_zeros();
        loop {
            let value = self.next_u32() & mask;
            if value <= last {
                return value;
            }
        }
    }

    /// `permutation(n)`: the numbers below `n` in random order.
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u32 + 1) as usize);
        }
        order
    }

    /// `multinomial(1, p)`: the index that is drawn.
    pub(crate) fn pick(&mut self, p: &[f64]) -> usize {
        let mut rest = 1.0;
        let last = p.len().saturating_sub(1);
        for (i, &p) in p.iter().enumerate().take(last) {
            if self.toss(p / rest) {
                return i;
            }
            rest -= p;
        }
        last
    }

    /// `binomial(1, p) == 1`, by inversion.
    fn toss(&mut self, p: f64) -> bool {
        if p == 0.0 {
            return false;
        }
        if p <= 0.5 { self.invert(p) } else { !self.invert(1.0 - p) }
    }

    fn invert(&mut self, p: f64) -> bool {
        let q = 1.0 - p;
        let none = q.ln().exp();
        loop {
            let u = self.next_f64();
            if u <= none {
                return false;
            }
            if u - none <= p * none / q {
                return true;
            }
            // The two probabilities fell short of 1 by rounding: another draw.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_numpy() {
        let mut state = RandomState::new(0);
        assert_eq!(state.next_f64(), 0.548_813_503_927_324_8);
        assert_eq!(state.next_f64(), 0.715_189_366_372_419_5);
        let mut state = RandomState::new(5489);
        assert_eq!(state.next_u32(), 3_499_211_612);
        let mut state = RandomState::new(42);
        let drawn: Vec<u32> = (0..10).map(|_| state.below(3)).collect();
        assert_eq!(drawn, [2, 0, 2, 2, 0, 0, 2, 1, 2, 2]);
        assert_eq!(RandomState::new(3).permutation(7), [4, 6, 5, 3, 1, 0, 2]);
    }
}
