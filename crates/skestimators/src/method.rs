//! The inference methods that scikit-learn's estimators have.

macro_rules! methods {
    ($($variant:ident $name:literal)*) => {
        /// An inference method, by scikit-learn's name. Methods that give pairs in Python are asked one part at a time
        /// (`kneighbors_dist`, `kneighbors_ind`), `predict(return_std=True)` is `predict_std`. What a transductive estimator
        /// stored for the samples of its fit is asked like a method too: `labels_`, `embedding_`; its samples are not looked at.
        ///
        /// ```
        /// use skestimators::Method;
        /// assert_eq!(Method::from_name("predict_proba"), Some(Method::PredictProba));
        /// assert_eq!(Method::PredictProba.name(), "predict_proba");
        /// ```
        #[allow(missing_docs)] // The names are scikit-learn's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Method { $($variant),* }

        impl Method {
            /// Every method.
            pub const ALL: &'static [Method] = &[$(Method::$variant),*];

            /// scikit-learn's name.
            pub fn name(self) -> &'static str {
                match self { $(Method::$variant => $name),* }
            }
        }
    };
}

methods! {
    Predict "predict"
    PredictProba "predict_proba"
    PredictLogProba "predict_log_proba"
    PredictJointLogProba "predict_joint_log_proba"
    PredictStd "predict_std"
    PredictCov "predict_cov"
    DecisionFunction "decision_function"
    ScoreSamples "score_samples"
    Transform "transform"
    InverseTransform "inverse_transform"
    Apply "apply"
    DecisionPath "decision_path"
    StagedPredict "staged_predict"
    StagedPredictProba "staged_predict_proba"
    StagedDecisionFunction "staged_decision_function"
    Kneighbors "kneighbors_dist"
    KneighborsIndices "kneighbors_ind"
    RadiusNeighbors "radius_neighbors_dist"
    RadiusNeighborsIndices "radius_neighbors_ind"
    Mahalanobis "mahalanobis"
    FeatureNamesOut "get_feature_names_out"
    Labels "labels_"
    RowLabels "row_labels_"
    ColumnLabels "column_labels_"
    Embedding "embedding_"
}

impl Method {
    /// The method of this name.
    pub fn from_name(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|method| method.name() == name)
    }

    /// The name of the Python attribute behind it: `predict` for `predict_std`, `kneighbors` for both its parts.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Method::PredictStd | Method::PredictCov => "predict",
            Method::Kneighbors | Method::KneighborsIndices => "kneighbors",
            Method::RadiusNeighbors | Method::RadiusNeighborsIndices => "radius_neighbors",
            other => other.name(),
        }
    }
}

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Methods(u32);

impl Methods {
    /// The set of these.
    pub(crate) const fn of(methods: &[Method]) -> Methods {
        let mut bits = 0;
        let mut i = 0;
        while i < methods.len() {
            bits |= 1 << methods[i] as u32;
            i += 1;
        }
        Methods(bits)
    }

    pub(crate) fn has(self, method: Method) -> bool {
        self.0 & 1 << method as u32 != 0
    }

    /// The same set with this method too.
    #[must_use]
    pub(crate) fn with(self, method: Method) -> Methods {
        Methods(self.0 | 1 << method as u32)
    }

    /// The same set with this method too if `on`.
    #[must_use]
    pub(crate) fn with_if(self, on: bool, method: Method) -> Methods {
        if on { self.with(method) } else { self }
    }

    /// The same set without this method.
    #[must_use]
    pub(crate) fn without(self, method: Method) -> Methods {
        Methods(self.0 & !(1 << method as u32))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.iter().copied().filter(move |&method| self.has(method))
    }
}
