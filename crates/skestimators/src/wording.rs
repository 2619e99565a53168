//! The words of older versions of scikit-learn, where they are not those of today.

/// From when the words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// Up to 0.23, when every class counted features for itself.
    Own,
    /// 0.24, when most transformers counted them alike.
    Mixed,
    /// 1.0, when all did.
    Alike,
    /// 1.1, when refusals named the input and the class.
    Named,
    /// 1.4, when sparse matrices became sparse data.
    Data,
    /// Since 1.7, when arrays of too many dimensions are refused as those of too few samples are.
    Now,
}

impl Age {
    pub(crate) fn of(version: (u32, u32)) -> Age {
        match version {
            (0, ..24) => Age::Own,
            (0, _) => Age::Mixed,
            (1, 0) => Age::Alike,
            (1, ..4) => Age::Named,
            (1, ..7) => Age::Data,
            _ => Age::Now,
        }
    }
}

/// Who refuses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker<'a> {
    /// The registry's key; empty for a function.
    pub(crate) key: &'a str,
    /// The name of the class or function.
    pub(crate) class: &'a str,
    pub(crate) age: Age,
    /// Whether it says so; some check their input as if no one had asked (since 1.1; before, few names were said).
    pub(crate) named: bool,
}

/// The refusal of sparse samples.
pub(crate) const SPARSE: &str =
    "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array.";

const NAMELESS_SPARSE: &str =
    "Sparse data was passed, but dense data is required. Use '.toarray()' to convert to a dense numpy array.";

/// A sparse answer of `transform` where `set_output` asks for frames of a library.
pub(crate) fn sparse_frame(class: &str, age: Age, library: &str) -> String {
    let name = if library == "polars" { "Polars" } else { "Pandas" };
    match (class, age >= Age::Data) {
        ("OneHotEncoder", false) => String::from(
            "Pandas output does not support sparse data. Set sparse_output=False to output pandas DataFrames or disable pandas output \
             via `ohe.set_output(transform=\"default\").",
        ),
        ("OneHotEncoder", true) => format!(
            "{name} output does not support sparse data. Set sparse_output=False to output {library} dataframes or disable {name} \
             output via` ohe.set_output(transform=\"default\")."
        ),
        (_, false) => String::from(
            "Pandas output does not support sparse data. Fit with a dense output, or with set_output(transform='default').",
        ),
        (_, true) => format!(
            "The transformer outputs a scipy sparse matrix. Try to set the transformer output to a dense array or disable {name} output \
             with set_output(transform='default')."
        ),
    }
}

impl Speaker<'_> {
    /// Sparse samples where dense ones are needed.
    pub(crate) fn sparse(&self) -> &'static str {
        match self.named {
            _ if self.age < Age::Data => {
                "A sparse matrix was passed, but dense data is required. Use X.toarray() to convert to a dense numpy array."
            }
            true => SPARSE,
            false => NAMELESS_SPARSE,
        }
    }

    /// Samples of the wrong width: of `found` columns rather than `expected`.
    pub(crate) fn width(&self, rows: usize, found: usize, expected: usize, sparse: bool) -> String {
        self.old_width(rows, found, expected, sparse).unwrap_or_else(|| {
            format!("X has {found} features, but {} is expecting {expected} features as input.", self.class)
        })
    }

    fn old_width(&self, rows: usize, found: usize, expected: usize, sparse: bool) -> Option<String> {
        if self.age > Age::Mixed {
            return None;
        }
        let (package, class) = self.key.split_once('.')?;
        // What only 0.23 and older said.
        let first = |text: String| (self.age == Age::Own).then_some(text);
        let broadcast = format!("operands could not be broadcast together with shapes ({rows},{found}) ({expected},)");
        let product = if sparse {
            "dimension mismatch".to_owned()
        } else {
            format!(
                "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature \
                 (n?,k),(k,m?)->(n?,m?) (size {expected} is different from {found})"
            )
        };
        let pairs = format!(
            "Incompatible dimension for X and Y matrices: X.shape[1] == {found} while Y.shape[1] == {expected}"
        );
        let of_tree = format!(
            "Number of features of the model must match the input. Model n_features is {expected} and input n_features is {found}"
        );
        match (package, class) {
            (
                "linear_model",
                "LogisticRegression"
                | "LogisticRegressionCV"
                | "PassiveAggressiveClassifier"
                | "Perceptron"
                | "RidgeClassifier"
                | "RidgeClassifierCV"
                | "SGDClassifier",
            )
            | ("svm", "LinearSVC")
            | ("discriminant_analysis", "LinearDiscriminantAnalysis") => {
                Some(format!("X has {found} features per sample; expecting {expected}"))
            }
            ("linear_model", _) | ("svm", "LinearSVR") | ("naive_bayes", "MultinomialNB" | "ComplementNB") => {
                Some(product)
            }
            ("neural_network", _) | ("kernel_approximation", "RBFSampler" | "SkewedChi2Sampler") => first(product),
            ("decomposition", "TruncatedSVD") => first(product),
            ("naive_bayes", "GaussianNB") | ("cross_decomposition", "PLSSVD") => Some(broadcast),
            ("discriminant_analysis", _) => Some(broadcast),
            ("cross_decomposition", _) => Some(format!("{broadcast} ({rows},{found})")),
            ("naive_bayes", _) => Some(format!("Expected input with {expected} features, got {found} instead")),
            ("semi_supervised", _) => Some(format!(
                "Incompatible dimension for X and Y matrices: X.shape[1] == {expected} while Y.shape[1] == {found}"
            )),
            ("covariance", _)
            | ("neighbors", "KNeighborsClassifier" | "KNeighborsRegressor" | "NearestNeighbors" | "NearestCentroid") => {
                Some(pairs)
            }
            ("cluster", "AffinityPropagation" | "MeanShift") | ("kernel_ridge", _) => first(pairs),
            ("decomposition", "KernelPCA") | ("kernel_approximation", "Nystroem") => first(pairs),
            ("neighbors", "NeighborhoodComponentsAnalysis") => None,
            ("neighbors" | "manifold", _) => Some("query data dimension must match training data dimension".to_owned()),
            ("svm", _) => Some(format!(
                "X.shape[1] = {found} should be equal to {expected}, the number of features at training time"
            )),
            ("feature_selection", _) => Some("X has a different shape than during fitting.".to_owned()),
            ("ensemble", "BaggingClassifier" | "BaggingRegressor" | "IsolationForest") => Some(format!("{of_tree}.")),
            ("ensemble", "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor") => {
                Some(format!("X has {found} features but this estimator was trained with {expected} features."))
            }
            ("tree" | "ensemble", _) => first(of_tree),
            ("mixture", _) => {
                Some(format!("Expected the input data X have {expected} features, but got {found} features"))
            }
            ("gaussian_process", _) => {
                Some("XA and XB must have the same number of columns (i.e. feature dimension.)".to_owned())
            }
            ("random_projection", _) => Some(format!(
                "Impossible to perform projection:X at fit stage had a different number of features. ({found} != {expected})"
            )),
            ("preprocessing", "OneHotEncoder" | "OrdinalEncoder") => Some(format!(
                "The number of features in X is different to the number of features of the fitted data. The fitted data had {expected} \
                 features and the X has {found} features."
            )),
            ("feature_extraction", "TfidfTransformer") => Some(format!(
                "Input has n_features={found} while the model has been trained with n_features={expected}"
            )),
            (
                "preprocessing",
                "KernelCenterer" | "MaxAbsScaler" | "MinMaxScaler" | "RobustScaler" | "StandardScaler",
            )
            | ("decomposition", "FastICA") => first(format!("{broadcast} ({rows},{found})")),
            ("decomposition", _) => first(broadcast),
            ("cluster", "KMeans" | "MiniBatchKMeans") => {
                first(format!("Incorrect number of features. Got {found} features, expected {expected}"))
            }
            ("impute", "SimpleImputer" | "IterativeImputer") => {
                first(format!("X has {found} features per sample, expected {expected}"))
            }
            ("cluster", "FeatureAgglomeration") | ("impute", "MissingIndicator") => {
                first("X has a different number of features than during fitting.".to_owned())
            }
            ("preprocessing", "PolynomialFeatures") => first("X shape does not match training shape".to_owned()),
            ("preprocessing", "QuantileTransformer") => first(format!(
                "X does not have the same number of features as the previously fitted data. Got {found} instead of {expected}."
            )),
            _ => None,
        }
    }

    /// NaN or infinity where they are not taken, before 1.1: both are named, whichever was found.
    pub(crate) fn old_infinite(&self, dtype: &str, takes_nan: bool) -> Option<String> {
        let found = if takes_nan { "infinity" } else { "NaN, infinity" };
        (self.age < Age::Named).then(|| format!("Input contains {found} or a value too large for dtype('{dtype}')."))
    }

    /// An array of too many dimensions.
    pub(crate) fn rank(&self, rank: usize) -> String {
        let by = self.by();
        if self.age == Age::Now {
            return format!("Found array with dim {rank}, while dim <= 2 is required{by}.");
        }
        let nobody = if self.age < Age::Named { "Estimator" } else { "None" };
        format!("Found array with dim {rank}. {} expected <= 2.", by.strip_prefix(" by ").unwrap_or(nobody))
    }

    /// The input, with the space before it.
    pub(crate) fn input(&self) -> &'static str {
        if self.named { " X" } else { "" }
    }

    /// What follows "is required".
    pub(crate) fn by(&self) -> String {
        let pairs = self.key.starts_with("covariance.") && self.class != "EllipticEnvelope";
        match self.class {
            _ if self.age >= Age::Named && !self.named => String::new(),
            _ if self.age >= Age::Named => format!(" by {}", self.class),
            "MaxAbsScaler" | "RobustScaler" | "StandardScaler" => format!(" by {}", self.class),
            _ if pairs || self.age == Age::Own && matches!(self.class, "KernelPCA" | "KernelRidge" | "MeanShift") => {
                " by check_pairwise_arrays".to_owned()
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_words_of_their_own() {
        let say = |key: &str, version| {
            let class = key.split('.').next_back().unwrap_or_default();
            Speaker { key, class, age: Age::of(version), named: true }.width(2, 3, 4, false)
        };
        assert_eq!(say("linear_model.Perceptron", (0, 22)), "X has 3 features per sample; expecting 4");
        assert_eq!(
            say("svm.SVC", (0, 24)),
            "X.shape[1] = 3 should be equal to 4, the number of features at training time"
        );
        assert_eq!(
            say("preprocessing.MinMaxScaler", (0, 22)),
            "operands could not be broadcast together with shapes (2,3) (4,) (2,3)"
        );
        assert_eq!(
            say("preprocessing.MinMaxScaler", (0, 24)),
            "X has 3 features, but MinMaxScaler is expecting 4 features as input."
        );
        let old = Speaker { key: "svm.SVC", class: "SVC", age: Age::of((1, 0)), named: true };
        assert_eq!(old.by(), "");
        assert_eq!(
            old.old_infinite("float64", false).as_deref(),
            Some("Input contains NaN, infinity or a value too large for dtype('float64').")
        );
        assert_eq!(Speaker { age: Age::of((1, 1)), ..old }.old_infinite("float64", false), None);
        assert_eq!(old.rank(3), "Found array with dim 3. Estimator expected <= 2.");
    }

    #[test]
    fn who_has_not_said_a_name_is_not_named() {
        let of =
            |version, named| Speaker { key: "neighbors.LocalOutlierFactor", class: "C", age: Age::of(version), named };
        assert_eq!(of((1, 3), true).rank(3), "Found array with dim 3. C expected <= 2.");
        assert_eq!(of((1, 6), false).rank(3), "Found array with dim 3. None expected <= 2.");
        assert_eq!(of((1, 7), true).rank(3), "Found array with dim 3, while dim <= 2 is required by C.");
        assert_eq!(of((1, 9), false).rank(3), "Found array with dim 3, while dim <= 2 is required.");
        assert!(of((1, 3), false).sparse().starts_with("A sparse matrix was passed, but dense data is required."));
        assert!(of((1, 4), true).sparse().starts_with("Sparse data was passed for X, but"));
        assert!(of((1, 4), false).sparse().starts_with("Sparse data was passed, but"));
        assert_eq!((of((1, 9), false).input(), of((1, 9), false).by()), ("", String::new()));
    }
}
