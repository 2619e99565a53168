//! Why a request is not answered, before a dialect words it in its own form.

use std::fmt;

use skestimators::ErrorKind;

/// A refusal: HTTP status and the reason, worded for whoever wrote the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// Whether an example of a right request helps.
    pub(crate) example: bool,
}

impl Refusal {
    /// The rows or their form are at fault, for which an example helps.
    #[cold]
    #[inline(never)]
    pub(crate) fn input(message: impl fmt::Display) -> Refusal {
        Refusal { status: 400, message: message.to_string(), example: true }
    }

    /// Something else is at fault.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(status: u16, message: impl fmt::Display) -> Refusal {
        Refusal { status, message: message.to_string(), example: false }
    }

    /// The message with an example behind it, where one helps and there is one.
    pub(crate) fn with_example(&self, example: Option<&str>) -> String {
        match example.filter(|_| self.example) {
            Some(example) => format!("{} Example: {example}", sentence(&self.message)),
            None => self.message.clone(),
        }
    }
}

/// The text with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

impl From<skestimators::Error> for Refusal {
    fn from(error: skestimators::Error) -> Refusal {
        match error.kind() {
            ErrorKind::Input => Refusal::input(error),
            ErrorKind::Method => Refusal::new(400, error),
            // After a model is loaded only the input can be at fault: whatever else comes is ours.
            _ => Refusal::new(500, error),
        }
    }
}
