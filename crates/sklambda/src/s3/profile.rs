//! The shared configuration files of AWS: `~/.aws/credentials` and `~/.aws/config`.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use super::Env;

/// Nobody keeps a longer one; a wrong path may name anything.
const LARGEST_FILE: u64 = 1 << 20;

/// The settings of the chosen profile, from both files.
pub(super) struct Profile {
    pub(super) name: String,
    settings: BTreeMap<String, String>,
}

impl Profile {
    /// Reads the profile that `AWS_PROFILE` names, or `default`.
    pub(super) fn load(env: &Env<'_>) -> Result<Self, String> {
        let asked = env("AWS_PROFILE").or_else(|| env("AWS_DEFAULT_PROFILE"));
        let name = asked.clone().unwrap_or_else(|| "default".to_owned());
        let mut settings = BTreeMap::new();
        let mut found = false;
        // The credentials file comes last, since it rules.
        for (variable, file, prefix) in
            [("AWS_CONFIG_FILE", "config", "profile "), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", "")]
        {
            let Some(path) =
                env(variable).map(|p| expand(&p, env)).or_else(|| Some(home(env)?.join(".aws").join(file)))
            else {
                continue;
            };
            let text = match read(&path) {
                Ok(Some(text)) => text,
                Ok(None) => continue,
                Err(e) => return Err(format!("cannot read the AWS configuration {}: {e}", path.display())),
            };
            if let Some(section) = section(&text, &name, prefix) {
                settings.extend(section);
                found = true;
            }
        }
        if asked.is_some() && !found {
            return Err(format!("The config profile ({name}) could not be found"));
        }
        Ok(Profile { name, settings })
    }

    /// One setting, if it is there and not empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str).filter(|v| !v.is_empty())
    }
}

fn read(path: &std::path::Path) -> io::Result<Option<String>> {
    let length = match fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if length > LARGEST_FILE {
        return Err(io::Error::other(format!("it has {length} bytes; a configuration has at most {LARGEST_FILE}")));
    }
    fs::read_to_string(path).map(Some)
}

fn home(env: &Env<'_>) -> Option<PathBuf> {
    env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from)
}

fn expand(path: &str, env: &Env<'_>) -> PathBuf {
    match (path.strip_prefix("~/"), home(env)) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The settings of one section. `[default]` may be written with the prefix or without.
fn section(text: &str, name: &str, prefix: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut inside = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = bare.strip_prefix('[').and_then(|t| t.split_once(']')).map(|(t, _)| t.trim()) {
            let plain = title.strip_prefix(prefix).map(str::trim);
            inside = plain == Some(name) || (name == "default" && title == "default");
            if inside {
                found.get_or_insert_default();
            }
            continue;
        }
        // An indented line continues the setting above it, which holds settings of its own (`s3 =`).
        if inside
            && !line.starts_with([' ', '\t'])
            && let Some((key, value)) = bare.split_once('=')
            && let Some(found) = &mut found
        {
            // A comment may follow a value after a space.
            let value = value.split(" #").next().and_then(|v| v.split(" ;").next()).unwrap_or_default();
            found.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str =
        "# notes\n[default]\nregion = eu-west-1\n[profile other]\nregion=us-west-2 # west\ns3 =\n  region = no\n";

    #[test]
    fn sections_are_found() {
        let default = section(CONFIG, "default", "profile ").unwrap();
        assert_eq!(default.get("region").map(String::as_str), Some("eu-west-1"));
        let other = section(CONFIG, "other", "profile ").unwrap();
        assert_eq!(other.get("region").map(String::as_str), Some("us-west-2"));
        assert!(section(CONFIG, "third", "profile ").is_none());
        assert!(section("[other]\nregion = x\n", "other", "profile ").is_none());
        assert!(section("[other]\nregion = x\n", "other", "").is_some());
    }

    #[test]
    fn both_files_make_a_profile() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let config = file("config", "[profile a]\nregion = eu-north-1\naws_access_key_id = from-config\n");
        let credentials = file("credentials", "[a]\naws_access_key_id = id\naws_secret_access_key = key\n");
        let env = |profile: &'static str| {
            let (config, credentials) = (config.clone(), credentials.clone());
            move |name: &str| match name {
                "AWS_CONFIG_FILE" => Some(config.clone()),
                "AWS_SHARED_CREDENTIALS_FILE" => Some(credentials.clone()),
                "AWS_PROFILE" => Some(profile.to_owned()),
                _ => None,
            }
        };
        let profile = Profile::load(&env("a")).unwrap();
        assert_eq!(profile.get("region"), Some("eu-north-1"));
        assert_eq!(profile.get("aws_access_key_id"), Some("id"));
        assert_eq!(Profile::load(&env("b")).err().unwrap(), "The config profile (b) could not be found");
    }
}
