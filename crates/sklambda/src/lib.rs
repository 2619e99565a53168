//! HTTP, Lambda and command line around skestimators.
