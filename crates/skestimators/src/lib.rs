//! scikit-learn estimators for inference.
