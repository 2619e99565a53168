//! What a stream may call, by its name alone.

/// What a call of a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    /// `bytes`, which without arguments are none.
    Bytes,
    /// `_codecs.encode`, as which Python 3 spells bytes for protocols below 3.
    Encode,
    /// One of Python's built-in functions. They make nothing that a pickler would spell as a call, so a stream that calls one was not
    /// written by a pickler. `getattr` is the exception: it is how methods such as `str.split` are referred to.
    Function,
    /// `copy_reg._reconstructor`, protocol 0's way to make an instance.
    Reconstructor,
    /// Something to be kept as its parts.
    Other,
}

impl Called {
    pub(crate) fn of(module: &str, name: &str) -> Called {
        match (module, name) {
            ("__builtin__" | "builtins", "bytes") => Called::Bytes,
            ("_codecs", "encode") => Called::Encode,
            ("copy_reg" | "copyreg", "_reconstructor") => Called::Reconstructor,
            ("__builtin__" | "builtins", name) if FUNCTIONS.binary_search(&name).is_ok() => Called::Function,
            _ => Called::Other,
        }
    }
}

/// Names of Python's built-in functions, in order.
const FUNCTIONS: &[&str] = &[
    "__build_class__",
    "__import__",
    "abs",
    "all",
    "any",
    "apply",
    "ascii",
    "bin",
    "breakpoint",
    "callable",
    "chr",
    "compile",
    "delattr",
    "dir",
    "divmod",
    "eval",
    "exec",
    "execfile",
    "exit",
    "file",
    "format",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "locals",
    "max",
    "min",
    "next",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "quit",
    "raw_input",
    "reload",
    "repr",
    "round",
    "setattr",
    "sorted",
    "sum",
    "vars",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found() {
        assert!(FUNCTIONS.is_sorted());
        for function in FUNCTIONS {
            assert_eq!(Called::of("builtins", function), Called::Function, "{function}");
            assert_eq!(Called::of("numpy", function), Called::Other, "{function}");
        }
        assert_eq!(Called::of("builtins", "getattr"), Called::Other);
    }
}
