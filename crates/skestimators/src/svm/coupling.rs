//! Probabilities from decisions: Platt's sigmoid for each pair of classes, coupled as Wu, Lin and Weng do in libsvm.

/// Scratch for the coupling of one sample at a time.
pub(crate) struct Coupling {
    classes: usize,
    /// `r[t][j]`: probability of class `t` among `t` and `j`.
    r: Vec<f64>,
    q: Vec<f64>,
    qp: Vec<f64>,
}

/// The sigmoid with Platt's parameters, without overflow.
fn sigmoid(decision: f64, a: f64, b: f64) -> f64 {
    let x = decision * a + b;
    if x >= 0.0 { (-x).exp() / (1.0 + (-x).exp()) } else { 1.0 / (1.0 + x.exp()) }
}

impl Coupling {
    pub(crate) fn new(classes: usize) -> Self {
        let square = vec![0.0; classes * classes];
        Coupling { classes, r: square.clone(), q: square, qp: vec![0.0; classes] }
    }

    /// Writes the probabilities of the classes into `p`.
    pub(crate) fn probabilities(&mut self, decisions: &[f64], a: &[f64], b: &[f64], p: &mut [f64]) {
        const MIN: f64 = 1e-7;
        let k = self.classes;
        let mut pair = 0;
        for i in 0..k {
            for j in i + 1..k {
                let r = sigmoid(decisions[pair], a[pair], b[pair]);
                // A NaN becomes the least too.
                let r = if r > MIN { r.min(1.0 - MIN) } else { MIN };
                self.r[i * k + j] = r;
                self.r[j * k + i] = 1.0 - r;
                pair += 1;
            }
        }
        self.couple(p);
    }

    /// Minimizes `p' Q p` over the probabilities by coordinate descent.
    fn couple(&mut self, p: &mut [f64]) {
        let Coupling { classes: k, r, q, qp } = self;
        let k = *k;
        for t in 0..k {
            p[t] = 1.0 / k as f64;
            q[t * k + t] = (0..k).filter(|&j| j != t).fold(0.0, |sum, j| sum + r[j * k + t] * r[j * k + t]);
            for j in 0..k {
                if j < t {
                    q[t * k + j] = q[j * k + t];
                } else if j > t {
                    q[t * k + j] = -r[j * k + t] * r[t * k + j];
                }
            }
        }
        let eps = 0.005 / k as f64;
        for _ in 0..k.max(100) {
            let mut pqp = 0.0;
            for t in 0..k {
                qp[t] = (0..k).fold(0.0, |sum, j| sum + q[t * k + j] * p[j]);
                pqp += p[t] * qp[t];
            }
            let error = qp.iter().map(|x| (x - pqp).abs()).fold(0.0, f64::max);
            if error < eps {
                break;
            }
            for t in 0..k {
                let diagonal = q[t * k + t];
                let step = (-qp[t] + pqp) / diagonal;
                p[t] += step;
                let scale = 1.0 + step;
                pqp = (pqp + step * (step * diagonal + 2.0 * qp[t])) / scale / scale;
                for j in 0..k {
                    qp[j] = (qp[j] + step * q[t * k + j]) / scale;
                    p[j] /= scale;
                }
            }
        }
    }
}
