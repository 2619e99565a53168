//! What Python takes for a letter, a space or a lower-case text.

use std::borrow::Cow;

use unicode_normalization::{
    UnicodeNormalization,
    char::{canonical_combining_class, is_combining_mark},
};

/// `\w` of Python's `re`: `str.isalnum()` or an underscore, that is general category L or N.
///
/// Rust's alphabetic characters are more: the marks, and the letters in circles and squares, are not in these categories.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let enclosed = matches!(
        c,
        '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}'
    );
    c.is_alphanumeric() && !enclosed && !is_combining_mark(c)
}

/// `str.isspace()`: the four separators of ASCII count too.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// `str.split()`.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|part| !part.is_empty())
}

/// `strip_accents_ascii`: what is left of the decomposed text in ASCII.
pub(super) fn strip_accents_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkd().filter(char::is_ascii).collect())
}

/// `strip_accents_unicode`: the decomposed text without its combining characters.
pub(super) fn strip_accents_unicode(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkd().filter(|&c| canonical_combining_class(c) == 0).collect())
}

/// Two or more white-space characters become one space, as the n-grams of characters want it.
pub(super) fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_space(c) && chars.peek().copied().is_some_and(is_space) {
            while chars.next_if(|&next| is_space(next)).is_some() {}
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    out
}

/// Matches of `\b\w{least,}\b`, which is what almost every vectorizer looks for: runs of word characters.
pub(super) fn runs(text: &str, least: usize) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(move |run| {
        // Bytes first: counting is only needed for the shortest.
        !run.is_empty() && (run.len() >= 4 * least || run.chars().nth(least.saturating_sub(1)).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_numbers_of_any_script() {
        for c in ['a', '_', '½', '²', 'é', '日', '٣', 'ⅷ'] {
            assert!(is_word(c), "{c}");
        }
        for c in ['\u{301}', 'Ⓐ', '-', '😀', '\u{200d}', '\u{903}', '‿'] {
            assert!(!is_word(c), "{c}");
        }
        assert_eq!(runs("a bc d'ef ½x", 2).collect::<Vec<_>>(), ["bc", "ef", "½x"]);
    }

    #[test]
    fn accents_go_and_spaces_are_squeezed() {
        assert_eq!(strip_accents_ascii("Åström ﬁne ß"), "Astrom fine ");
        assert_eq!(strip_accents_unicode("Åström ﬁne ß"), "Astrom fine ß");
        assert_eq!(squeeze("a \t b\tc"), "a b\tc");
    }
}
