//! The page that a browser gets: the model as a diagram, and a form to try it.
//!
//! One HTML text with its style and its script inside. What the file says reaches the script as JSON and the screen as text, and
//! the page's policy lets nothing run but the script that stands here.

use crate::{
    handler::{Handler, Loaded},
    json::Json,
    source,
};

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page is sent with, besides its policy.
pub(crate) const HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/html; charset=utf-8"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
];

/// The page of one model.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The text.
    pub(crate) html: String,
    /// Its `Content-Security-Policy`.
    pub(crate) policy: String,
    /// The description that it shows, as JSON.
    pub(crate) metadata: String,
}

/// The page of the model that a handler answers with and that came from this path.
///
/// # Errors
/// There is no model, or its file cannot be read any more.
pub(crate) fn of(handler: &Handler, path: Option<&str>) -> Result<Page, String> {
    let service = handler.service()?;
    let (Loaded::Model(model, _), Some(path)) = (&service.loaded, path) else {
        return Err("where it came from is not known".into());
    };
    let metadata = source::describe(path, model)?;
    Ok(Page { html: html(&metadata), policy: policy(), metadata: metadata.dumps(false) })
}

/// The text of the page for a model's description.
pub(crate) fn html(metadata: &Json) -> String {
    // Within JSON these stand in strings only, where they may be spelled so; a `</script>` in a name ends nothing.
    let data = metadata.dumps(false).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let place = |text: &str, name: &str, value: &str| text.replacen(name, value, 1);
    // The data come last: whatever they hold is not looked at again.
    let page = place(HTML, "/*style*/", STYLE);
    let page = place(&page, "/*script*/", SCRIPT);
    place(&page, "/*model*/", &data)
}

/// Nothing is loaded from anywhere, nothing runs but the page's own script, and only this server is asked.
pub(crate) fn policy() -> String {
    let hash = |text: &str| base64(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        (0..4)
            .map(move |i| bits >> (18 - 6 * i) & 63)
            .map(|digit| char::from(DIGITS[digit as usize]))
            .take(group.len() + 1)
            .collect::<String>()
    };
    let text: String = bytes.chunks(3).map(group).collect();
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    text + &padding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_file_stay_text() {
        let name = "</script><script>alert(1)</script><!--&";
        let html = html(&Json::Array(vec![Json::str(name)]));
        assert_eq!(html.matches("<script").count(), HTML.matches("<script").count());
        assert_eq!(html.matches("</script").count(), HTML.matches("</script").count());
        let data = html.split("id=\"model\" type=\"application/json\">").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(data).unwrap(), [name]);
    }

    #[test]
    fn the_policy_names_what_the_page_holds() {
        let html = html(&Json::Null);
        let inside =
            |tag: &str| html.split(&format!("<{tag}>")).nth(1).unwrap().split(&format!("</{tag}>")).next().unwrap();
        assert_eq!((inside("style"), inside("script")), (STYLE, SCRIPT));
        assert!(!policy().contains("unsafe"));
        for foreign in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!STYLE.contains(foreign) && !HTML.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn base64_by_the_standards_examples() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
