//! The bounds on what a model file may cost: the library's own, those that the environment and the command line set, and
//! the memory that there is.

use std::{ffi::OsString, sync::OnceLock};

use skpickle::Limits;

/// `SKLEARN_LIMIT_ROW_COST=1e10` sets `row_cost`.
const PREFIX: &str = "SKLEARN_LIMIT_";

/// What `--limit` set.
static SET: OnceLock<Vec<(String, u64)>> = OnceLock::new();

/// The bounds that hold in this process.
///
/// # Errors
/// The text that says which setting names no bound, or is no number.
pub(crate) fn current() -> Result<Limits, String> {
    let mut limits = Limits { memory_bytes: memory(), ..Limits::default() };
    from_env(&mut limits, std::env::vars_os())?;
    for (name, value) in SET.get().into_iter().flatten() {
        limits.set(name, *value);
    }
    Ok(limits)
}

fn from_env(limits: &mut Limits, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<(), String> {
    for (name, value) in vars {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        if let Some(bound) = name.strip_prefix(PREFIX) {
            let value =
                number(value).ok_or_else(|| format!("{name}={}: expected a number", skpickle::printable(value)))?;
            if !limits.set(&bound.to_ascii_lowercase(), value) {
                return Err(format!("{name}: {}", unknown(&bound.to_ascii_lowercase())));
            }
        }
    }
    Ok(())
}

/// A whole number, also as `5e9`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        (value >= 0.0 && value < 2f64.powi(63) && value.fract() == 0.0).then_some(value as u64)
    })
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = Limits::default().entries().into_iter().map(|(name, _)| name).collect();
    format!("there is no limit '{}'; there are {}", skpickle::printable(name), names.join(", "))
}

/// Takes the values of `--limit`, each `name=value`; once, before a model is loaded.
///
/// # Errors
/// The text that says which is wrong.
#[cfg(feature = "cli")]
pub(crate) fn set<'a>(settings: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut parsed = Vec::new();
    for setting in settings {
        let pair = setting.split_once('=').and_then(|(name, value)| Some((name.trim(), number(value)?)));
        let (name, value) =
            pair.ok_or_else(|| format!("--limit {}: expected name=number", skpickle::printable(setting)))?;
        if !Limits::default().set(name, value) {
            return Err(format!("--limit {}: {}", skpickle::printable(setting), unknown(name)));
        }
        parsed.push((name.to_owned(), value));
    }
    // The command line is read once; were it read twice, the first would hold.
    SET.get_or_init(|| parsed);
    Ok(())
}

/// Memory of the process: what Lambda says that it gives, or the control group's bound. `None` where nothing bounds it.
fn memory() -> Option<u64> {
    let lambda = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok();
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    memory_of(lambda.as_deref(), group.into_iter().find_map(|path| std::fs::read_to_string(path).ok()).as_deref())
}

/// Megabytes by Lambda's variable, else bytes by the control group, where `max` or an absurd number stands for none.
fn memory_of(lambda: Option<&str>, group: Option<&str>) -> Option<u64> {
    if let Some(megabytes) = lambda.and_then(|text| text.trim().parse::<u64>().ok()) {
        return Some(megabytes.saturating_mul(1 << 20));
    }
    group.and_then(|text| text.trim().parse().ok()).filter(|&bytes: &u64| bytes < 1 << 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Limits, String> {
        let mut limits = Limits::default();
        from_env(&mut limits, std::iter::once((name.into(), value.into()))).map(|()| limits)
    }

    #[test]
    fn the_environment_sets_bounds_by_name() {
        assert_eq!(with("SKLEARN_LIMIT_ROW_COST", "2e10").unwrap().row_cost, 20_000_000_000);
        assert_eq!(with("SKLEARN_LIMIT_BUILT_BYTES", "5").unwrap().built_bytes, Some(5));
        assert_eq!(with("SKLEARN_MODEL_PATH", "5").unwrap(), Limits::default());
    }

    #[test]
    fn a_setting_that_means_nothing_is_an_error() {
        let error = with("SKLEARN_LIMIT_ROWS", "5").unwrap_err();
        assert!(error.contains("no limit 'rows'") && error.contains("row_cost"), "{error}");
        for value in ["", "many", "-1", "1.5", "1e30", "NaN"] {
            assert!(with("SKLEARN_LIMIT_MARKS", value).unwrap_err().contains("expected a number"), "{value}");
        }
    }

    #[test]
    fn memory_is_what_the_platform_says() {
        assert_eq!(memory_of(Some("128"), Some("max")), Some(128 << 20));
        assert_eq!(memory_of(None, Some("536870912\n")), Some(512 << 20));
        assert_eq!(memory_of(None, Some("max\n")), None);
        assert_eq!(memory_of(None, Some("9223372036854771712")), None);
        assert_eq!(memory_of(None, None), None);
    }
}
