//! From a document to its tokens: `_VectorizerMixin.build_analyzer`.

use std::borrow::Cow;

use hashbrown::HashSet;
use skpickle::{ErrorKind, Kind, Obj};

use super::{matcher::Regex, stop_words, words};
use crate::{
    error::{Error, Result},
    state::State,
};

/// Bytes of tokens that one document may come to.
const LARGEST: usize = 1 << 31;

#[derive(Debug, Clone, Copy)]
enum Preprocess {
    /// Lower case, and then what is done about accents.
    Usual {
        lower: bool,
        accents: Option<Function>,
    },
    Call(Function),
}

/// A function of text that can be run here: those of Python and of scikit-learn itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Lower,
    Upper,
    Casefold,
    Strip,
    Same,
    StripAccentsAscii,
    StripAccentsUnicode,
    StripTags,
    /// To tokens, at white space.
    Split,
    /// To tokens, at the ends of lines.
    SplitLines,
    /// To tokens, one for each character.
    List,
    /// To tokens, one for each character that there is.
    Set,
}

#[derive(Debug)]
enum Tokenizer {
    /// `\b\w{n,}\b`.
    Runs(usize),
    Pattern(Box<Regex>),
    Call(Function),
}

#[derive(Debug)]
enum Mode {
    Word {
        tokenizer: Tokenizer,
        stop: Option<HashSet<String>>,
    },
    Char,
    CharWb,
    /// The analyzer is a function of the whole document.
    Call(Tokenizer),
}

#[derive(Debug)]
pub(super) struct Analyzer {
    preprocess: Preprocess,
    mode: Mode,
    least: usize,
    most: usize,
    /// Bytes of the longest token that is of use.
    longest: usize,
}

impl Analyzer {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Analyzer> {
        s.ignored(&[
            "max_df",
            "min_df",
            "max_features",
            "stop_words_",
            "_stop_words_id",
            "fixed_vocabulary_",
            "analyzer",
        ]);
        if let Some(input) = s.opt::<String>("input")?.filter(|input| input != "content") {
            return Err(s.unsupported(format_args!(
                "input='{}': files are not read here; set input='content' and give the documents themselves",
                skpickle::printable(&input)
            )));
        }
        let bounds: Vec<usize> = s.opt("ngram_range")?.unwrap_or_else(|| vec![1, 1]);
        let &[least, most] = bounds.as_slice() else { return Err(s.error("ngram_range is not a pair of numbers")) };
        s.require(
            least <= most,
            format_args!(
                "Invalid value for ngram_range=({least}, {most}) lower boundary larger than the upper boundary."
            ),
        )?;
        s.require(least > 0, format_args!("ngram_range=({least}, {most}), expected at least 1"))?;
        let mode = mode(s)?;
        let preprocess = match s.raw_opt("preprocessor") {
            Some(callable) => Preprocess::Call(text_function(s, "preprocessor", &callable)?),
            None => Preprocess::Usual { lower: s.opt("lowercase")?.unwrap_or(true), accents: accents(s)? },
        };
        s.ignored(&["lowercase", "strip_accents", "encoding", "decode_error"]);
        Ok(Analyzer { preprocess, mode, least, most, longest: usize::MAX })
    }

    /// Leaves out tokens of more bytes: they are not in the vocabulary.
    pub(super) fn up_to(self, longest: usize) -> Analyzer {
        Analyzer { longest, ..self }
    }

    /// Each token of a document.
    pub(super) fn tokens(&self, document: &str, scratch: &mut Scratch, mut visit: impl FnMut(&str)) -> Result<()> {
        let Scratch { text, joined, places } = scratch;
        if let Mode::Call(tokenizer) = &self.mode {
            return tokenizer.tokens(document, visit);
        }
        let text = self.preprocess.apply(document, text);
        match &self.mode {
            Mode::Word { tokenizer, stop } => {
                let kept = |token: &str| stop.as_ref().is_none_or(|stop| !stop.contains(token));
                if self.most == 1 {
                    return tokenizer.tokens(text, |token| {
                        if kept(token) {
                            visit(token);
                        }
                    });
                }
                // With a space between any two: each n-gram is a part of this text.
                joined.clear();
                places.clear();
                tokenizer.tokens(text, |token| {
                    if kept(token) {
                        if !places.is_empty() {
                            joined.push(' ');
                        }
                        places.push((joined.len(), joined.len() + token.len()));
                        joined.push_str(token);
                    }
                })?;
                self.word_ngrams(joined, places, visit)
            }
            Mode::CharWb => {
                words::squeeze(text, joined);
                self.char_wb_ngrams(joined, places, visit)
            }
            Mode::Char | Mode::Call(_) => {
                words::squeeze(text, joined);
                characters(joined, places);
                self.char_ngrams(joined, places, visit)
            }
        }
    }

    /// The n-grams of tokens at these places.
    fn word_ngrams(&self, joined: &str, places: &[(usize, usize)], mut visit: impl FnMut(&str)) -> Result<()> {
        let mut work = 0usize;
        for (first, &(start, _)) in places.iter().enumerate() {
            for (n, &(_, end)) in places[first..].iter().take(self.most).enumerate() {
                if end - start > self.longest {
                    break;
                }
                work = work.saturating_add(end - start);
                if n + 1 >= self.least {
                    visit(&joined[start..end]);
                }
            }
            if work > LARGEST {
                return Err(self.too_much());
            }
        }
        Ok(())
    }

    fn char_ngrams(&self, text: &str, places: &[(usize, usize)], mut visit: impl FnMut(&str)) -> Result<()> {
        let mut work = 0usize;
        for (first, &(start, _)) in places.iter().enumerate() {
            for &(_, end) in places[first..].iter().take(self.most).skip(self.least - 1) {
                if end - start > self.longest {
                    break;
                }
                work = work.saturating_add(end - start);
                visit(&text[start..end]);
            }
            if work > LARGEST {
                return Err(self.too_much());
            }
        }
        Ok(())
    }

    /// The n-grams of each word with a space on either side.
    fn char_wb_ngrams(&self, text: &str, places: &mut Vec<(usize, usize)>, mut visit: impl FnMut(&str)) -> Result<()> {
        let mut work = 0usize;
        let mut padded = String::new();
        for word in words::split(text) {
            padded.clear();
            padded.extend([" ", word, " "]);
            characters(&padded, places);
            for n in self.least..=self.most {
                if n >= places.len() {
                    // A short word counts once, for the first length that it does not reach.
                    visit(&padded);
                    break;
                }
                for part in places.windows(n) {
                    let ngram = &padded[part[0].0..part[n - 1].1];
                    work = work.saturating_add(ngram.len());
                    visit(ngram);
                }
                if work > LARGEST {
                    return Err(self.too_much());
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn too_much(&self) -> Error {
        Error::input(format_args!(
            "the n-grams of a document with ngram_range=({}, {}) come to more than {LARGEST} bytes; give shorter documents",
            self.least, self.most
        ))
    }
}

/// Where each character starts and ends.
fn characters(text: &str, places: &mut Vec<(usize, usize)>) {
    places.clear();
    places.extend(text.char_indices().map(|(at, c)| (at, at + c.len_utf8())));
}

/// Buffers that one document after the other uses.
#[derive(Default)]
pub(super) struct Scratch {
    /// The document as it is searched for tokens.
    text: String,
    /// What n-grams are parts of.
    joined: String,
    /// Where tokens or characters start and end in it.
    places: Vec<(usize, usize)>,
}

impl Preprocess {
    fn apply<'t>(self, text: &'t str, buffer: &'t mut String) -> &'t str {
        match self {
            Preprocess::Usual { lower: true, accents: None } | Preprocess::Call(Function::Lower) => {
                words::lower(text, buffer);
            }
            Preprocess::Usual { lower: false, accents: None } => return text,
            Preprocess::Call(function) => {
                buffer.clear();
                buffer.push_str(&function.text(text));
            }
            Preprocess::Usual { lower, accents: Some(function) } => {
                let lowered = if lower { Function::Lower.text(text) } else { Cow::Borrowed(text) };
                buffer.clear();
                buffer.push_str(&function.text(&lowered));
            }
        }
        buffer
    }
}

impl Function {
    fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            Function::Lower => {
                let mut lowered = String::new();
                words::lower(text, &mut lowered);
                Cow::Owned(lowered)
            }
            Function::Upper => Cow::Owned(text.to_uppercase()),
            Function::Casefold => Cow::Owned(words::casefold(text)),
            Function::StripTags => words::strip_tags(text),
            Function::Strip => Cow::Borrowed(text.trim_matches(words::is_space)),
            Function::StripAccentsAscii => words::strip_accents_ascii(text),
            Function::StripAccentsUnicode => words::strip_accents_unicode(text),
            Function::Same | Function::Split | Function::SplitLines | Function::List | Function::Set => {
                Cow::Borrowed(text)
            }
        }
    }

    fn tokens(self, text: &str, mut visit: impl FnMut(&str)) {
        match self {
            Function::Split => words::split(text).for_each(visit),
            Function::SplitLines => words::lines(text).for_each(visit),
            // A text is a sequence of its characters.
            _ => {
                let mut chars: Vec<char> = self.text(text).chars().collect();
                if self == Function::Set {
                    chars.sort_unstable();
                    chars.dedup();
                }
                let mut bytes = [0; 4];
                chars.into_iter().for_each(|c| visit(c.encode_utf8(&mut bytes)));
            }
        }
    }
}

impl Tokenizer {
    fn tokens(&self, text: &str, visit: impl FnMut(&str)) -> Result<()> {
        match self {
            Tokenizer::Runs(least) => words::runs(text, *least, visit),
            Tokenizer::Call(function) => function.tokens(text, visit),
            Tokenizer::Pattern(regex) => regex.find_all(text, visit).map_err(|e| {
                Error::input(format_args!(
                    "the pattern of tokens cannot be searched for in a document of {} bytes: {e}",
                    text.len()
                ))
            })?,
        }
        Ok(())
    }
}

fn mode(s: &State<'_, '_>) -> Result<Mode> {
    let analyzer = s.raw_opt("analyzer");
    if let Some(callable) = analyzer.filter(|analyzer| analyzer.kind() != Kind::Str) {
        return splitter(s, "analyzer", &callable).map(Mode::Call);
    }
    let mode = s.choice("analyzer", Some("word"), &[("word", 0), ("char", 1), ("char_wb", 2)])?;
    Ok(match mode {
        0 => Mode::Word { tokenizer: tokenizer(s)?, stop: stop_list(s)? },
        1 => Mode::Char,
        _ => Mode::CharWb,
    })
}

fn tokenizer(s: &State<'_, '_>) -> Result<Tokenizer> {
    if let Some(callable) = s.raw_opt("tokenizer") {
        return splitter(s, "tokenizer", &callable);
    }
    let pattern: String = s.get("token_pattern")?;
    Ok(match pattern.strip_prefix("(?u)").unwrap_or(&pattern) {
        r"\b\w\w+\b" | r"\b\w{2,}\b" | r"\w{2,}" | r"\w\w+" => Tokenizer::Runs(2),
        r"\b\w+\b" | r"\w+" | r"\b\w{1,}\b" => Tokenizer::Runs(1),
        r"\b\w\w\w+\b" | r"\b\w{3,}\b" => Tokenizer::Runs(3),
        _ => regex("token_pattern", &s.raw("token_pattern")?, &pattern)?,
    })
}

fn regex(parameter: &str, place: &Obj<'_>, pattern: &str) -> Result<Tokenizer> {
    let regex = Regex::new(pattern).map_err(|e| {
        place.error(ErrorKind::Value, format_args!("{parameter} '{}': {e}", skpickle::printable(pattern)))
    })?;
    Ok(Tokenizer::Pattern(Box::new(regex)))
}

/// A function from a text to its tokens.
fn splitter(s: &State<'_, '_>, parameter: &str, obj: &Obj<'_>) -> Result<Tokenizer> {
    match findall(obj) {
        Some(pattern) => regex(parameter, obj, &pattern),
        None => function(s, parameter, obj).map(Tokenizer::Call),
    }
}

/// The pattern of `re.compile(…).findall`, its flags in front of it.
fn findall(obj: &Obj<'_>) -> Option<String> {
    let is = |obj: &Obj<'_>, modules: &[&str], name: &str| {
        obj.class().is_some_and(|class| modules.contains(&class.module) && class.name == name)
    };
    let (args, built) = (obj.args().ok()?, is(obj, &["builtins", "__builtin__"], "getattr"));
    let [compiled, method] = args.as_slice() else { return None };
    if !built || !is(compiled, &["re"], "_compile") || method.str().ok()? != "findall" {
        return None;
    }
    let args = compiled.args().ok()?;
    let [pattern, flags] = args.as_slice() else { return None };
    let flags: i64 = flags.get().ok()?;
    // That a text is Unicode goes without saying.
    let letters = [(2, 'i'), (4, 'L'), (8, 'm'), (16, 's'), (64, 'x'), (256, 'a')];
    let on: String = letters.iter().filter(|&&(bit, _)| flags & bit != 0).map(|&(_, letter)| letter).collect();
    let pattern = pattern.str().ok()?;
    Some(if on.is_empty() { pattern.into_owned() } else { format!("(?{on}){pattern}") })
}

fn stop_list(s: &State<'_, '_>) -> Result<Option<HashSet<String>>> {
    let Some(stop) = s.raw_opt("stop_words") else { return Ok(None) };
    if stop.kind() == Kind::Str {
        let name = stop.str()?;
        if name == "english" {
            return Ok(Some(stop_words::english(s.version()).map(str::to_owned).collect()));
        }
        let message = format!("not a built-in stop list: {}", skpickle::printable(&name));
        return Err(stop.error(ErrorKind::Value, message).into());
    }
    let mut list = HashSet::new();
    if let Ok(array) = stop.array() {
        for scalar in array.scalars()? {
            if let skpickle::Scalar::Str(word) = scalar {
                list.insert(word);
            }
        }
        return Ok(Some(list));
    }
    let words = match stop.kind() {
        Kind::Dict => stop.entries()?.into_iter().map(|(word, _)| word).collect(),
        _ => stop.items()?,
    };
    for word in words {
        // Anything but text is not equal to any token.
        if word.kind() == Kind::Str {
            let text = word.str()?;
            word.charge(64 + text.len() as u64)?;
            list.insert(text.into_owned());
        }
    }
    Ok(Some(list))
}

fn accents(s: &State<'_, '_>) -> Result<Option<Function>> {
    let Some(accents) = s.raw_opt("strip_accents") else { return Ok(None) };
    if accents.kind() == Kind::Bool {
        // False counts as None in versions that do not check.
        return if accents.get::<bool>()? {
            Err(accents.expected("'ascii', 'unicode' or a function").into())
        } else {
            Ok(None)
        };
    }
    if accents.kind() != Kind::Str {
        return text_function(s, "strip_accents", &accents).map(Some);
    }
    let known = [("ascii", Function::StripAccentsAscii), ("unicode", Function::StripAccentsUnicode)];
    s.choice("strip_accents", None, &known).map(Some)
}

/// A function that gives text.
fn text_function(s: &State<'_, '_>, parameter: &str, obj: &Obj<'_>) -> Result<Function> {
    let found = function(s, parameter, obj)?;
    if matches!(found, Function::Split | Function::SplitLines | Function::List | Function::Set) {
        return Err(obj
            .error(ErrorKind::Value, format_args!("{parameter} gives a list, expected a function that gives text"))
            .into());
    }
    Ok(found)
}

/// A function by its name; a user's own cannot be run.
fn function(s: &State<'_, '_>, parameter: &str, obj: &Obj<'_>) -> Result<Function> {
    let name = name_of(obj);
    let found = name.as_ref().and_then(|(module, name)| {
        Some(match (module.as_str(), name.as_str()) {
            ("str" | "unicode", "lower") => Function::Lower,
            ("str" | "unicode", "upper") => Function::Upper,
            ("str" | "unicode", "casefold") => Function::Casefold,
            ("str" | "unicode", "strip") => Function::Strip,
            ("str" | "unicode", "split" | "rsplit") => Function::Split,
            ("str" | "unicode", "splitlines") => Function::SplitLines,
            ("builtins" | "__builtin__", "str" | "unicode") => Function::Same,
            ("builtins" | "__builtin__", "list" | "tuple") => Function::List,
            // Tokens in no order would make n-grams in no order.
            ("builtins" | "__builtin__", "set" | "frozenset") if parameter == "analyzer" => Function::Set,
            ("sklearn.feature_extraction.text", "strip_accents_ascii") => Function::StripAccentsAscii,
            ("sklearn.feature_extraction.text", "strip_accents_unicode") => Function::StripAccentsUnicode,
            ("sklearn.feature_extraction.text", "strip_tags") => Function::StripTags,
            _ => return None,
        })
    });
    found.ok_or_else(|| {
        let name = match name {
            Some((module, name)) => format!("the function {}", skpickle::printable(&format!("{module}.{name}"))),
            None => obj.describe(),
        };
        Error::unsupported(obj.error(
            ErrorKind::Unsupported,
            format_args!(
                "{parameter} of {} is {name}, whose code is not in the file: it cannot be run. Express it by token_pattern, \
                 lowercase, strip_accents and stop_words, or do its work on the documents beforehand, and save the model again",
                s.class()
            ),
        ))
    })
}

/// Module (or type) and name of a function; methods of `str` are saved as `getattr(str, name)`.
fn name_of(obj: &Obj<'_>) -> Option<(String, String)> {
    if let Some(name) = obj.global() {
        let builtin = matches!(name.module, "builtins" | "__builtin__");
        return Some(match name.name.split_once('.') {
            Some((owner, method)) if builtin => (owner.to_owned(), method.to_owned()),
            _ => (name.module.to_owned(), name.name.to_owned()),
        });
    }
    let class = obj.class()?;
    if !matches!(class.module, "builtins" | "__builtin__") || class.name != "getattr" {
        return Some((class.module.to_owned(), class.name.to_owned()));
    }
    let args = obj.args().ok()?;
    let [owner, method] = args.as_slice() else { return None };
    let owner = owner.global()?;
    let owner = if matches!(owner.module, "builtins" | "__builtin__") {
        owner.name.to_owned()
    } else {
        format!("{}.{}", owner.module, owner.name)
    };
    Some((owner, method.str().ok()?.into_owned()))
}

#[cfg(test)]
mod tests {
    use crate::{data::Samples, error::Result, estimator::written};

    /// How often the terms "a", "A", "<", "aa" and "bB" are in a document; options are written as a pickle writes them.
    fn counts(options: &str, document: &str) -> Result<Vec<f64>> {
        let attributes = format!("Vvocabulary\n(Va\nVA\nV<\nVaa\nVbB\nlVtoken_pattern\nV\\u005cw+\n{options}");
        let model = written("sklearn.feature_extraction.text", "CountVectorizer", &attributes)?;
        Ok(model.transform(&Samples::Text(vec![document.into()].into()))?.dense()?.iter().copied().collect())
    }

    #[test]
    fn functions_of_python_are_run() -> Result<()> {
        assert_eq!(counts("Vpreprocessor\ncbuiltins\nstr.upper\n", "a A aa")?, [0.0, 2.0, 0.0, 0.0, 0.0]);
        assert_eq!(counts("Vpreprocessor\ncbuiltins\nstr.casefold\n", "A aA")?, [1.0, 0.0, 0.0, 1.0, 0.0]);
        let strip_tags = "Vpreprocessor\ncsklearn.feature_extraction.text\nstrip_tags\n";
        assert_eq!(counts(strip_tags, "<a>a</a>aa <a b")?, [2.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(counts("Vanalyzer\ncbuiltins\nset\n", "a<aA<")?, [1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(counts("Vanalyzer\ncbuiltins\nstr.splitlines\n", "a\r\naa\na a\n")?, [1.0, 0.0, 0.0, 1.0, 0.0]);
        assert!(counts("Vtokenizer\ncbuiltins\nset\n", "a").is_err());
        Ok(())
    }

    #[test]
    fn a_compiled_pattern_finds_all() -> Result<()> {
        let findall = |flags| format!("cbuiltins\ngetattr\n(cre\n_compile\n(V(b.)|a+\nI{flags}\ntRVfindall\ntR");
        // A group that took no part gives an empty token.
        assert_eq!(counts(&format!("Vanalyzer\n{}", findall(32)), "bBaabb")?, [0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(counts(&format!("Vanalyzer\n{}", findall(34)), "BaBb bB")?, [0.0, 0.0, 0.0, 0.0, 1.0]);
        Ok(())
    }
}
