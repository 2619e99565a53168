//! Python's `re`: a pattern read into a tree, with Python's rules.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::words::{is_space, is_word};

/// The most copies and instructions that a pattern may come to.
const LARGEST: usize = 50_000;
/// The most groups inside one another.
const DEEPEST: usize = 50;

/// A part of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Char(char, bool),
    /// `.`; whether newlines are taken.
    Any(bool),
    Set(Set),
    Assert(Assert),
    Concat(Vec<Node>),
    Either(Vec<Node>),
    /// A capturing group.
    Group(usize, Box<Node>),
    Repeat {
        node: Box<Node>,
        least: usize,
        most: Option<usize>,
        kind: Kind,
    },
    /// Text of an earlier group; whether case is folded.
    Backref(usize, bool),
    Look {
        node: Box<Node>,
        behind: bool,
        negative: bool,
    },
    Atomic(Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Greedy,
    Lazy,
    Possessive,
}

/// Something that takes no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assert {
    /// `\A`, and `^` without MULTILINE.
    Start,
    LineStart,
    /// `\Z`.
    End,
    /// `$` without MULTILINE: the end, or before a newline there.
    EndOrNewline,
    LineEnd,
    /// `\b`; with ASCII or Unicode words.
    Boundary(bool),
    NoBoundary(bool),
}

/// A set of characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    items: Vec<Item>,
    negative: bool,
    fold: bool,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Range(char, char),
    /// `d`, `w`, `s` or one of them in upper case; whether ASCII only.
    Class(u8, bool),
}

impl Item {
    fn has(self, c: char) -> bool {
        match self {
            Item::Range(low, high) => (low..=high).contains(&c),
            Item::Class(class, ascii) => {
                let inside = match class.to_ascii_lowercase() {
                    b'd' if ascii => c.is_ascii_digit(),
                    b'd' => is_digit(c),
                    b'w' => (!ascii || c.is_ascii()) && is_word(c),
                    _ if ascii => matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}'),
                    _ => is_space(c),
                };
                inside != class.is_ascii_uppercase()
            }
        }
    }
}

impl Set {
    pub(super) fn has(&self, c: char) -> bool {
        let any = |c: char| self.items.iter().any(|item| item.has(c));
        let range = |c: char| self.items.iter().any(|item| matches!(item, Item::Range(..)) && item.has(c));
        let inside = any(c) || self.fold && kin(fold(c)).any(range);
        inside != self.negative
    }
}

/// `str.isdecimal()`: the decimal digits of all scripts come in tens, from these.
fn is_digit(c: char) -> bool {
    const ZEROS: [u32; 71] = [
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
        0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
        0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
        0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50,
        0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950,
        0x1fbf0, 0x10d40, 0x116d0, 0x116da,
    ];
    c.is_ascii_digit() || !c.is_ascii() && ZEROS.iter().any(|&zero| (zero..zero + 10).contains(&u32::from(c)))
}

fn single(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The character that stands for all that are equal to it without regard to case.
pub(super) fn fold(c: char) -> char {
    match c {
        'İ' => 'i',
        // Letters whose capitals are two or three characters.
        '\u{1fd3}' => '\u{390}',
        '\u{1fe3}' => '\u{3b0}',
        '\u{fb06}' => '\u{fb05}',
        _ => {
            let upper = single(c.to_uppercase(), c);
            single(upper.to_lowercase(), upper)
        }
    }
}

/// All characters that are folded to this one, which is one of them.
fn kin(folded: char) -> impl Iterator<Item = char> {
    static KIN: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
        let mut kin: HashMap<char, Vec<char>> = HashMap::new();
        // No character from there on has another case.
        for c in '\0'..'\u{20000}' {
            if fold(c) != c {
                kin.entry(fold(c)).or_default().push(c);
            }
        }
        kin
    });
    std::iter::once(folded).chain(KIN.get(&folded).into_iter().flatten().copied())
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    verbose: bool,
    ascii: bool,
}

/// A pattern that has been read.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) node: Node,
    pub(super) groups: usize,
}

/// Reads a pattern, or says what in it is not understood.
pub(super) fn parse(text: &str) -> Result<Pattern, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut parser =
        Parser { chars: &chars, at: 0, flags: Flags::default(), groups: 0, names: Vec::new(), open: 0, begun: false };
    let node = parser.either()?;
    if parser.at < chars.len() {
        return Err(parser.wrong("unbalanced parenthesis"));
    }
    let groups = parser.groups;
    Ok(Pattern { node, groups })
}

struct Parser<'p> {
    chars: &'p [char],
    at: usize,
    flags: Flags,
    groups: usize,
    names: Vec<(String, usize)>,
    open: usize,
    /// Something other than global flags has been read.
    begun: bool,
}

impl Parser<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} at position {}", self.at)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn eat_all(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn next(&mut self) -> Result<char, String> {
        let c = self.peek().ok_or_else(|| self.wrong("the pattern ends too early"))?;
        self.at += 1;
        Ok(c)
    }

    fn either(&mut self) -> Result<Node, String> {
        let mut ways = vec![self.concat()?];
        while self.eat('|') {
            ways.push(self.concat()?);
        }
        Ok(if ways.len() == 1 { ways.remove(0) } else { Node::Either(ways) })
    }

    fn concat(&mut self) -> Result<Node, String> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            if self.flags.verbose {
                if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') {
                    self.at += 1;
                    continue;
                }
                if c == '#' {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                    continue;
                }
            }
            let Some(atom) = self.atom()? else { continue };
            self.begun = true;
            parts.push(self.repeated(atom)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Concat(parts) })
    }

    /// One part before its quantifier; none for comments and flags.
    fn atom(&mut self) -> Result<Option<Node>, String> {
        let c = self.next()?;
        Ok(Some(match c {
            '.' => Node::Any(self.flags.dot_all),
            '^' if self.flags.multi_line => Node::Assert(Assert::LineStart),
            '^' => Node::Assert(Assert::Start),
            '$' if self.flags.multi_line => Node::Assert(Assert::LineEnd),
            '$' => Node::Assert(Assert::EndOrNewline),
            '[' => Node::Set(self.set()?),
            '(' => return self.group(),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return Err(self.wrong("nothing to repeat")),
            c => self.char(c),
        }))
    }

    fn char(&self, c: char) -> Node {
        if self.flags.ignore_case { Node::Char(fold(c), true) } else { Node::Char(c, false) }
    }

    fn class(&self, class: char) -> Item {
        Item::Class(class as u8, self.flags.ascii)
    }

    fn escape(&mut self) -> Result<Node, String> {
        let c = self.next()?;
        Ok(match c {
            'b' => Node::Assert(Assert::Boundary(self.flags.ascii)),
            'B' => Node::Assert(Assert::NoBoundary(self.flags.ascii)),
            'A' => Node::Assert(Assert::Start),
            'Z' => Node::Assert(Assert::End),
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => Node::Set(Set { items: vec![self.class(c)], ..Set::default() }),
            '1'..='9'
                if self
                    .chars
                    .get(self.at - 1..self.at + 2)
                    .is_some_and(|three| three.iter().all(|c| c.is_digit(8))) =>
            {
                let c = self.escaped_char(c)?;
                self.char(c)
            }
            '1'..='9' => {
                let mut group = c as usize - '0' as usize;
                if let Some(second) = self.peek().and_then(|c| c.to_digit(10)) {
                    self.at += 1;
                    group = group * 10 + second as usize;
                }
                if group > self.groups {
                    return Err(self.wrong("invalid group reference"));
                }
                Node::Backref(group, self.flags.ignore_case)
            }
            c => {
                let c = self.escaped_char(c)?;
                self.char(c)
            }
        })
    }

    /// The character behind a backslash, in a set and outside.
    fn escaped_char(&mut self, c: char) -> Result<char, String> {
        let hex = |parser: &mut Self, digits: usize| {
            let mut code = 0;
            for _ in 0..digits {
                let digit = parser.next()?.to_digit(16).ok_or_else(|| parser.wrong("incomplete escape"))?;
                code = code * 16 + digit;
            }
            char::from_u32(code).ok_or_else(|| parser.wrong("bad escape"))
        };
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'a' => '\u{7}',
            'x' => hex(self, 2)?,
            'u' => hex(self, 4)?,
            'U' => hex(self, 8)?,
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        self.at += 1;
                        code = code * 8 + digit;
                    }
                }
                let byte = u8::try_from(code);
                byte.map_err(|_| self.wrong("octal escape value outside of range 0-0o377"))?.into()
            }
            c if c.is_ascii_alphanumeric() => return Err(self.wrong("bad escape")),
            c => c,
        })
    }

    fn set(&mut self) -> Result<Set, String> {
        let mut set = Set { items: Vec::new(), negative: self.eat('^'), fold: self.flags.ignore_case };
        let mut first = true;
        loop {
            let c = self.next().map_err(|_| self.wrong("unterminated character set"))?;
            if c == ']' && !first {
                return Ok(set);
            }
            first = false;
            let low = self.set_item(c)?;
            let (Item::Range(start, _), Some('-'), Some(end)) =
                (low, self.peek(), self.chars.get(self.at + 1).copied().filter(|&c| c != ']'))
            else {
                set.items.push(low);
                continue;
            };
            self.at += 2;
            match self.set_item(end)? {
                Item::Range(end, _) if start <= end => set.items.push(Item::Range(start, end)),
                _ => return Err(self.wrong("bad character range")),
            }
        }
    }

    fn set_item(&mut self, c: char) -> Result<Item, String> {
        if c != '\\' {
            return Ok(Item::Range(c, c));
        }
        let c = self.next()?;
        Ok(match c {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => self.class(c),
            'b' => Item::Range('\u{8}', '\u{8}'),
            c => {
                let c = self.escaped_char(c)?;
                Item::Range(c, c)
            }
        })
    }

    fn name(&mut self, end: char) -> Result<String, String> {
        let mut name = String::new();
        loop {
            let c = self.next()?;
            if c == end {
                return Ok(name);
            }
            name.push(c);
        }
    }

    fn group(&mut self) -> Result<Option<Node>, String> {
        let begun = std::mem::replace(&mut self.begun, true);
        self.open += 1;
        if self.open > DEEPEST {
            return Err(self.wrong("too many groups inside one another"));
        }
        let flags = self.flags;
        let node = if !self.eat('?') {
            self.capture()?
        } else if self.eat('#') {
            while self.next()? != ')' {}
            self.open -= 1;
            self.begun = begun;
            return Ok(None);
        } else if self.eat(':') {
            self.either()?
        } else if self.eat('>') {
            Node::Atomic(Box::new(self.either()?))
        } else if self.eat('=') {
            self.look(false, false)?
        } else if self.eat('!') {
            self.look(false, true)?
        } else if self.eat_all("<=") {
            self.look(true, false)?
        } else if self.eat_all("<!") {
            self.look(true, true)?
        } else if self.eat_all("P=") {
            let name = self.name(')')?;
            let found = self.names.iter().find(|(known, _)| *known == name).map(|&(_, group)| group);
            let group = found.ok_or_else(|| self.wrong("unknown group name"))?;
            self.open -= 1;
            return Ok(Some(Node::Backref(group, self.flags.ignore_case)));
        } else if self.eat_all("P<") {
            let name = self.name('>')?;
            self.names.push((name, self.groups + 1));
            self.capture()?
        } else {
            let global = self.flags_of_group()?;
            if global {
                // They hold for the whole pattern; Python takes them at its start only.
                self.open -= 1;
                self.begun = begun;
                return if begun || self.open > 0 {
                    Err(self.wrong("global flags not at the start of the expression"))
                } else {
                    Ok(None)
                };
            }
            self.either()?
        };
        if !self.eat(')') {
            return Err(self.wrong("missing ), unterminated subpattern"));
        }
        self.open -= 1;
        self.flags = flags;
        Ok(Some(node))
    }

    fn capture(&mut self) -> Result<Node, String> {
        self.groups += 1;
        let group = self.groups;
        Ok(Node::Group(group, Box::new(self.either()?)))
    }

    fn look(&mut self, behind: bool, negative: bool) -> Result<Node, String> {
        let node = self.either()?;
        if behind && node.width().is_none() {
            return Err(self.wrong("look-behind requires fixed-width pattern"));
        }
        Ok(Node::Look { node: Box::new(node), behind, negative })
    }

    /// `(?aimsux)` is true, `(?aimsux-imsx:` false.
    fn flags_of_group(&mut self) -> Result<bool, String> {
        let mut on = true;
        loop {
            let c = self.next()?;
            match c {
                'i' => self.flags.ignore_case = on,
                'm' => self.flags.multi_line = on,
                's' => self.flags.dot_all = on,
                'x' => self.flags.verbose = on,
                'a' if on => self.flags.ascii = true,
                'u' if on => self.flags.ascii = false,
                '-' if on => on = false,
                ':' => return Ok(false),
                ')' if on => return Ok(true),
                _ => return Err(self.wrong("an extension that is not supported")),
            }
        }
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.chars[start..self.at].iter().collect();
        if digits.is_empty() { None } else { Some(digits.parse().unwrap_or(usize::MAX)) }
    }

    /// A quantifier's bounds; none if there is no quantifier here.
    fn bounds(&mut self) -> Result<Option<(usize, Option<usize>)>, String> {
        Ok(match self.peek() {
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('?') => Some((0, Some(1))),
            Some('{') => {
                let start = self.at;
                self.at += 1;
                let low = self.number();
                let high = if self.eat(',') { self.number() } else { low };
                let comma = self.chars[start..self.at].contains(&',');
                if !self.eat('}') || low.is_none() && !comma {
                    // A brace like any other character.
                    self.at = start;
                    return Ok(None);
                }
                let least = low.unwrap_or(0);
                if high.is_some_and(|high| high < least) {
                    return Err(self.wrong("min repeat greater than max repeat"));
                }
                if least.max(high.unwrap_or(0)) > LARGEST {
                    return Err(self.wrong("a repeat of that many is not supported"));
                }
                return Ok(Some((least, high)));
            }
            _ => None,
        }
        .inspect(|_| self.at += 1))
    }

    fn repeated(&mut self, atom: Node) -> Result<Node, String> {
        let Some((least, most)) = self.bounds()? else { return Ok(atom) };
        if matches!(atom, Node::Assert(_)) {
            return Err(self.wrong("nothing to repeat"));
        }
        let kind = if self.eat('?') {
            Kind::Lazy
        } else if self.eat('+') {
            Kind::Possessive
        } else {
            Kind::Greedy
        };
        let node = Node::Repeat { node: Box::new(atom), least, most, kind };
        let here = self.at;
        if matches!(self.peek(), Some('*' | '+' | '?')) || self.peek() == Some('{') && self.bounds()?.is_some() {
            return Err(self.wrong("multiple repeat"));
        }
        self.at = here;
        Ok(node)
    }
}

impl Node {
    /// How many characters a match has, if all have as many.
    pub(super) fn width(&self) -> Option<usize> {
        Some(match self {
            Node::Assert(_) | Node::Look { .. } => 0,
            Node::Char(..) | Node::Any(_) | Node::Set(_) => 1,
            Node::Concat(parts) => {
                let mut sum = 0usize;
                for part in parts {
                    sum = sum.checked_add(part.width()?)?;
                }
                sum
            }
            Node::Either(ways) => {
                let width = ways.first()?.width()?;
                ways.iter().all(|way| way.width() == Some(width)).then_some(width)?
            }
            Node::Group(_, node) | Node::Atomic(node) => node.width()?,
            Node::Repeat { node, least, most, .. } if *most == Some(*least) => node.width()?.checked_mul(*least)?,
            Node::Repeat { .. } | Node::Backref(..) => return None,
        })
    }

    /// Whether a match may have no characters.
    pub(super) fn nullable(&self) -> bool {
        match self {
            Node::Assert(_) | Node::Look { .. } | Node::Backref(..) => true,
            Node::Char(..) | Node::Any(_) | Node::Set(_) => false,
            Node::Concat(parts) => parts.iter().all(Node::nullable),
            Node::Either(ways) => ways.iter().any(Node::nullable),
            Node::Group(_, node) | Node::Atomic(node) => node.nullable(),
            Node::Repeat { node, least, .. } => *least == 0 || node.nullable(),
        }
    }
}
