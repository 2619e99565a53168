//! Defaults of parameters, so that those which were chosen stand out.

/// One line an estimator: its key, then `name=default`, and `|VERSION:default` where a version changed it.
const TABLE: &str = include_str!("defaults.tsv");

/// The oldest version in the table: what older ones had for defaults is not known.
pub(super) const OLDEST: (u32, u32) = (0, 21);

/// The parameters of one class.
pub(super) struct Defaults {
    line: &'static str,
}

impl Defaults {
    /// The parameters of a class by its key, such as `linear_model.LogisticRegression`.
    pub(super) fn of(key: &str) -> Option<Defaults> {
        TABLE.lines().find_map(|line| {
            let rest = line.strip_prefix(key)?;
            let line = rest.strip_prefix('\t').or(rest.is_empty().then_some(""))?;
            Some(Defaults { line })
        })
    }

    /// Whether the class has had a parameter of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.cell(name).is_some()
    }

    /// Python's text of the default in a version; empty where there is none, or none that text can tell.
    pub(super) fn get(&self, name: &str, version: (u32, u32)) -> &'static str {
        let mut history = self.cell(name).unwrap_or("").split('|');
        let first = history.next().unwrap_or("");
        let mut later = history.filter_map(|change| {
            let (since, default) = change.split_once(':')?;
            (self::version(since)? <= version).then_some(default)
        });
        later.next_back().unwrap_or(first)
    }

    fn cell(&self, name: &str) -> Option<&'static str> {
        self.line.split('\t').find_map(|cell| cell.split_once('=').filter(|(n, _)| *n == name).map(|(_, value)| value))
    }
}

/// `(major, minor)`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_go_by_the_version() {
        let defaults = Defaults::of("linear_model.LogisticRegression").unwrap();
        assert_eq!(defaults.get("C", (1, 9)), "1.0");
        assert_eq!((defaults.get("solver", (0, 21)), defaults.get("solver", (0, 22))), ("'warn'", "'lbfgs'"));
        assert!(defaults.has("tol") && !defaults.has("coef_"));
        assert!(Defaults::of("linear_model.Logistic").is_none());
    }
}
