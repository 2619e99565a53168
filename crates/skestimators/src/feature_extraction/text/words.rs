//! What Python takes for a letter, a space or a lower-case text.

use std::{borrow::Cow, sync::LazyLock};

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

/// `str.splitlines()`.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    text.split_inclusive(is_end)
        .scan(false, move |after_return, line| {
            // What follows a carriage return and is a newline belongs to it.
            let second = std::mem::replace(after_return, line.ends_with('\r')) && line == "\n";
            Some((!second).then(|| line.trim_end_matches(is_end)))
        })
        .flatten()
}

/// `str.casefold()`.
pub(super) fn casefold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ı' => out.push(c),
            // The small letters of Cherokee are younger than its capitals.
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => out.extend(c.to_uppercase()),
            _ => out.extend(c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)),
        }
    }
    out
}

/// `strip_tags`: a space for each `<([^>]+)>`.
pub(super) fn strip_tags(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(start) = text[from..].find('<').map(|at| from + at) {
        let Some(end) = text[start..].find('>').map(|at| start + at) else { break };
        from = start + 1;
        if end > from {
            out.extend([&text[copied..start], " "]);
            copied = end + 1;
            from = copied;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
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
pub(super) fn squeeze(text: &str, out: &mut String) {
    out.clear();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_space(c) && chars.peek().copied().is_some_and(is_space) {
            while chars.next_if(|&next| is_space(next)).is_some() {}
            out.push(' ');
        } else {
            out.push(c);
        }
    }
}

/// What is known of the characters below U+0800: those of one or two bytes in UTF-8.
struct Common {
    word: [bool; 0x800],
    /// Whether lower case changes the character.
    upper: [bool; 0x800],
}

static COMMON: LazyLock<Common> = LazyLock::new(|| {
    let of = |holds: fn(char) -> bool| {
        let mut table = [false; 0x800];
        for (place, c) in table.iter_mut().zip('\0'..) {
            *place = holds(c);
        }
        table
    };
    Common { word: of(is_word), upper: of(has_lower) }
});

fn has_lower(c: char) -> bool {
    !c.to_lowercase().eq([c])
}

/// `str.lower()`, into a buffer.
pub(super) fn lower(text: &str, out: &mut String) {
    out.clear();
    let upper = &COMMON.upper;
    let mut copied = 0;
    let mut rest = if text.is_ascii() { "" } else { text }.char_indices();
    while let Some((at, c)) = rest.next() {
        if c.is_ascii() || !upper.get(c as usize).copied().unwrap_or_else(|| has_lower(c)) {
            continue;
        }
        if c == 'Σ' {
            // Its lower case depends on what is around it.
            out.clear();
            out.push_str(&text.to_lowercase());
            return;
        }
        out.push_str(&text[copied..at]);
        out.extend(c.to_lowercase());
        copied = rest.offset();
    }
    out.push_str(&text[copied..]);
    out.make_ascii_lowercase();
}

/// Visits the matches of `\b\w{least,}\b`, which is what almost every vectorizer looks for: runs of word characters.
pub(super) fn runs(text: &str, least: usize, mut visit: impl FnMut(&str)) {
    let word = &COMMON.word;
    let least = least.max(1);
    let (mut start, mut length) = (0, 0);
    for (at, c) in text.char_indices() {
        if word.get(c as usize).copied().unwrap_or_else(|| is_word(c)) {
            if length == 0 {
                start = at;
            }
            length += 1;
        } else {
            if length >= least {
                visit(&text[start..at]);
            }
            length = 0;
        }
    }
    if length >= least {
        visit(&text[start..]);
    }
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
        let all = |text: &str, least| {
            let mut found = Vec::new();
            runs(text, least, |run| found.push(run.to_owned()));
            found
        };
        assert_eq!(all("a bc d'ef ½x", 2), ["bc", "ef", "½x"]);
        assert_eq!(all("日本語 のé", 1), ["日本語", "のé"]);
        assert!(all("ab é.日", 3).is_empty());
    }

    #[test]
    fn accents_go_and_spaces_are_squeezed() {
        assert_eq!(strip_accents_ascii("Åström ﬁne ß"), "Astrom fine ");
        assert_eq!(strip_accents_unicode("Åström ﬁne ß"), "Astrom fine ß");
        let mut out = String::from("before");
        squeeze("a \t b\tc", &mut out);
        assert_eq!(out, "a b\tc");
    }

    #[test]
    fn lower_case_is_that_of_the_whole_text() {
        let mut out = String::from("before");
        for text in ["", "ABC", "Ärger IN Ö", "ΟΔΟΣ ΣΑΣ", "İK Ⱥ", "日本 ДА ẞ", "ǅ x"] {
            lower(text, &mut out);
            assert_eq!(out, text.to_lowercase(), "{text}");
        }
        for c in '\0'..=char::MAX {
            let text = String::from_iter(['A', c, 'B']);
            lower(&text, &mut out);
            assert_eq!(out, text.to_lowercase(), "{c}");
        }
    }

    #[test]
    fn case_is_folded_as_in_python() {
        let folded = "Straße ẞ ŉ İıIi ΣΑΣ ᾈᾀ ﬁ µ Ꭰꭰᏸ ǅ";
        assert_eq!(casefold(folded), "strasse ss ʼn i̇ıii σασ ἀιἀι fi μ ᎠᎠᏰ ǆ");
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        let lines = |text| super::lines(text).collect::<Vec<_>>();
        assert_eq!(lines("a\n\nb\r\n\rc\u{1c}d\u{2028}"), ["a", "", "b", "", "c", "d"]);
        assert_eq!(lines("\n\r"), ["", ""]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn tags_become_spaces() {
        assert_eq!(strip_tags("a<b>c</b> <> <i\n>x <<y>> z<"), "a c  <>  x  > z<");
        assert_eq!(strip_tags("<><a>"), "<> ");
        assert_eq!(strip_tags("none"), "none");
    }
}
