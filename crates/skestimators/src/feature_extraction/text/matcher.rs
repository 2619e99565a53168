//! Finds a pattern in a text as Python's `re` does: by backtracking, but with an end to it.

use super::{
    pattern::{self, Assert, Kind, Node, Set, fold},
    words::is_word,
};

/// Instructions of the largest pattern.
const LARGEST: usize = 50_000;
/// Steps that an attempt takes before it starts to remember where it has failed.
const PATIENT: u64 = 10_000;
/// The most states that are remembered.
const REMEMBERED: usize = 1 << 28;
/// Steps for one text, beyond those that its length allows.
const STEPS: u64 = 20_000_000;

#[derive(Debug)]
enum Inst {
    Char(char, bool),
    Any(bool),
    Set(Set),
    Assert(Assert),
    /// Goes on at the first, and later at the second.
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Backref(usize, bool),
    Look {
        program: Vec<Inst>,
        /// How far back the match starts.
        back: usize,
        negative: bool,
    },
    Atomic(Vec<Inst>),
    /// Notes where a round of a loop starts.
    Round(usize),
    /// Leaves a loop whose round took nothing.
    Progress(usize),
    Match,
}

/// A pattern ready to be searched for.
#[derive(Debug)]
pub(super) struct Regex {
    program: Vec<Inst>,
    groups: usize,
    slots: usize,
    /// That a state failed once means that it fails again.
    pure: bool,
}

impl Regex {
    pub(super) fn new(text: &str) -> Result<Regex, String> {
        let pattern = pattern::parse(text)?;
        if pattern.groups > 1 {
            return Err("More than 1 capturing group in token pattern. Only a single group should be captured.".into());
        }
        let slots = 2 * (pattern.groups + 1);
        let mut compiler = Compiler { slots, size: 0, pure: true };
        let mut program = Vec::new();
        compiler.node(&pattern.node, &mut program)?;
        compiler.push(&mut program, Inst::Match)?;
        Ok(Regex { program, groups: pattern.groups, slots: compiler.slots, pure: compiler.pure })
    }

    /// `re.findall`: each match, or the group in it. An error says that too many steps were needed.
    pub(super) fn find_all(&self, text: &str, mut visit: impl FnMut(&str)) -> Result<(), String> {
        let chars: Vec<char> = text.chars().collect();
        let mut offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        offsets.push(text.len());
        let mut run = Run { chars: &chars, steps: STEPS + 200 * chars.len() as u64, slots: vec![None; self.slots] };
        let mut start = 0;
        // A match after an empty one must not be empty at the same place.
        let mut advance = false;
        while start <= chars.len() {
            run.slots.fill(None);
            let end = run.attempt(&self.program, start, advance.then_some(start), self.pure)?;
            let Some(end) = end else {
                start += 1;
                advance = false;
                continue;
            };
            let (from, to) = match (self.groups, run.slots.get(2), run.slots.get(3)) {
                (0, ..) => (start, end),
                (_, Some(&Some(from)), Some(&Some(to))) if from <= to => (from, to),
                _ => (start, start),
            };
            visit(&text[offsets[from]..offsets[to]]);
            advance = end == start;
            start = end;
        }
        Ok(())
    }
}

struct Compiler {
    slots: usize,
    size: usize,
    pure: bool,
}

impl Compiler {
    fn push(&mut self, program: &mut Vec<Inst>, inst: Inst) -> Result<usize, String> {
        self.size += 1;
        if self.size > LARGEST {
            return Err(format!("the pattern comes to more than {LARGEST} steps"));
        }
        program.push(inst);
        Ok(program.len() - 1)
    }

    /// A program of its own.
    fn inner(&mut self, node: &Node) -> Result<Vec<Inst>, String> {
        let mut program = Vec::new();
        self.node(node, &mut program)?;
        self.push(&mut program, Inst::Match)?;
        Ok(program)
    }

    fn node(&mut self, node: &Node, program: &mut Vec<Inst>) -> Result<(), String> {
        match node {
            Node::Char(c, fold) => self.push(program, Inst::Char(*c, *fold))?,
            Node::Any(newlines) => self.push(program, Inst::Any(*newlines))?,
            Node::Set(set) => self.push(program, Inst::Set(set.clone()))?,
            Node::Assert(assert) => self.push(program, Inst::Assert(*assert))?,
            Node::Concat(parts) => return parts.iter().try_for_each(|part| self.node(part, program)),
            Node::Either(ways) => {
                let mut ends = Vec::new();
                for (i, way) in ways.iter().enumerate() {
                    if i + 1 == ways.len() {
                        self.node(way, program)?;
                        break;
                    }
                    let split = self.push(program, Inst::Split(0, 0))?;
                    self.node(way, program)?;
                    ends.push(self.push(program, Inst::Jump(0))?);
                    program[split] = Inst::Split(split + 1, program.len());
                }
                let end = program.len();
                for at in ends {
                    program[at] = Inst::Jump(end);
                }
                return Ok(());
            }
            Node::Group(group, node) => {
                self.push(program, Inst::Save(2 * group))?;
                self.node(node, program)?;
                self.push(program, Inst::Save(2 * group + 1))?
            }
            Node::Repeat { node, least, most, kind: Kind::Possessive } => {
                let greedy = Node::Repeat { node: node.clone(), least: *least, most: *most, kind: Kind::Greedy };
                let program_of = self.inner(&greedy)?;
                self.pure = false;
                self.push(program, Inst::Atomic(program_of))?
            }
            Node::Repeat { node, least, most, kind } => {
                return self.repeat(node, *least, *most, *kind == Kind::Lazy, program);
            }
            Node::Backref(group, fold) => {
                self.pure = false;
                self.push(program, Inst::Backref(*group, *fold))?
            }
            Node::Look { node, behind, negative } => {
                let back = if *behind { node.width().unwrap_or(0) } else { 0 };
                let inner = self.inner(node)?;
                self.push(program, Inst::Look { program: inner, back, negative: *negative })?
            }
            Node::Atomic(node) => {
                let inner = self.inner(node)?;
                self.push(program, Inst::Atomic(inner))?
            }
        };
        Ok(())
    }

    fn repeat(
        &mut self,
        node: &Node,
        least: usize,
        most: Option<usize>,
        lazy: bool,
        program: &mut Vec<Inst>,
    ) -> Result<(), String> {
        let split = |go: usize, leave: usize| if lazy { Inst::Split(leave, go) } else { Inst::Split(go, leave) };
        for _ in 0..least {
            self.node(node, program)?;
        }
        let Some(most) = most else {
            let start = self.push(program, Inst::Split(0, 0))?;
            let round = node.nullable().then_some(self.slots);
            if let Some(slot) = round {
                self.slots += 1;
                self.pure = false;
                self.push(program, Inst::Round(slot))?;
            }
            self.node(node, program)?;
            if let Some(slot) = round {
                self.push(program, Inst::Progress(slot))?;
            }
            self.push(program, Inst::Jump(start))?;
            program[start] = split(start + 1, program.len());
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in least..most {
            splits.push(self.push(program, Inst::Split(0, 0))?);
            self.node(node, program)?;
        }
        let end = program.len();
        for at in splits {
            program[at] = split(at + 1, end);
        }
        Ok(())
    }
}

/// A state to go back to.
enum Back {
    State(usize, usize),
    Slot(usize, Option<usize>),
}

struct Run<'t> {
    chars: &'t [char],
    steps: u64,
    slots: Vec<Option<usize>>,
}

impl Run<'_> {
    /// One attempt to match at `start`: where the match ends. A match at `start` must not end at `refused`.
    fn attempt(
        &mut self,
        program: &[Inst],
        start: usize,
        refused: Option<usize>,
        pure: bool,
    ) -> Result<Option<usize>, String> {
        let mut back: Vec<Back> = vec![Back::State(0, start)];
        // Of the states that have been reached, once the attempt takes long.
        let mut seen: Vec<u64> = Vec::new();
        let width = self.chars.len() - start + 1;
        let mut taken = 0;
        while let Some(next) = back.pop() {
            let (mut pc, mut at) = match next {
                Back::State(pc, at) => (pc, at),
                Back::Slot(slot, value) => {
                    self.slots[slot] = value;
                    continue;
                }
            };
            loop {
                self.steps = self.steps.checked_sub(1).ok_or("too many steps are needed")?;
                taken += 1;
                if pure && taken == PATIENT && program.len().saturating_mul(width) <= REMEMBERED {
                    seen = vec![0; (program.len() * width).div_ceil(64)];
                }
                if !seen.is_empty() && matches!(program[pc], Inst::Split(..)) {
                    let bit = pc * width + (at - start);
                    if seen[bit / 64] & 1 << (bit % 64) != 0 {
                        break;
                    }
                    seen[bit / 64] |= 1 << (bit % 64);
                }
                let c = self.chars.get(at).copied();
                let goes_on = match &program[pc] {
                    Inst::Match => {
                        if refused == Some(at) {
                            break;
                        }
                        return Ok(Some(at));
                    }
                    Inst::Char(expected, folded) => {
                        at += 1;
                        c.is_some_and(|c| if *folded { fold(c) == *expected } else { c == *expected })
                    }
                    Inst::Any(newlines) => {
                        at += 1;
                        c.is_some_and(|c| *newlines || c != '\n')
                    }
                    Inst::Set(set) => {
                        at += 1;
                        c.is_some_and(|c| set.has(c))
                    }
                    Inst::Assert(assert) => self.holds(*assert, at),
                    Inst::Split(first, second) => {
                        back.push(Back::State(*second, at));
                        pc = *first;
                        continue;
                    }
                    Inst::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Inst::Save(slot) | Inst::Round(slot) => {
                        back.push(Back::Slot(*slot, self.slots[*slot]));
                        self.slots[*slot] = Some(at);
                        true
                    }
                    // An empty round ends the loop there: the instruction after it jumps back.
                    Inst::Progress(slot) => {
                        if self.slots[*slot] == Some(at) {
                            pc += 2;
                            continue;
                        }
                        true
                    }
                    Inst::Backref(group, folded) => match (self.slots[2 * group], self.slots[2 * group + 1]) {
                        (Some(from), Some(to)) if from <= to && to - from <= self.chars.len() - at => {
                            let same = (0..to - from).all(|i| {
                                let (a, b) = (self.chars[from + i], self.chars[at + i]);
                                a == b || *folded && fold(a) == fold(b)
                            });
                            at += to - from;
                            same
                        }
                        _ => false,
                    },
                    Inst::Look { program, back: by, negative } => {
                        let saved = self.slots.clone();
                        let found = match at.checked_sub(*by) {
                            Some(from) => self.attempt(program, from, None, false)?.is_some(),
                            None => false,
                        };
                        if !found || *negative {
                            self.slots = saved;
                        } else {
                            back.extend((0..saved.len()).map(|slot| Back::Slot(slot, saved[slot])));
                        }
                        found != *negative
                    }
                    Inst::Atomic(program) => {
                        let saved = self.slots.clone();
                        match self.attempt(program, at, None, false)? {
                            Some(end) => {
                                at = end;
                                back.extend((0..saved.len()).map(|slot| Back::Slot(slot, saved[slot])));
                                true
                            }
                            None => {
                                self.slots = saved;
                                false
                            }
                        }
                    }
                };
                if !goes_on {
                    break;
                }
                pc += 1;
            }
        }
        Ok(None)
    }

    fn holds(&self, assert: Assert, at: usize) -> bool {
        let len = self.chars.len();
        let newline = |at: usize| self.chars.get(at) == Some(&'\n');
        let word = |at: Option<usize>, ascii: bool| {
            at.and_then(|at| self.chars.get(at)).is_some_and(|&c| (!ascii || c.is_ascii()) && is_word(c))
        };
        match assert {
            Assert::Start => at == 0,
            Assert::LineStart => at == 0 || newline(at - 1),
            Assert::End => at == len,
            Assert::EndOrNewline => at == len || at + 1 == len && newline(at),
            Assert::LineEnd => at == len || newline(at),
            Assert::Boundary(ascii) => word(at.checked_sub(1), ascii) != word(Some(at), ascii),
            // No boundary in an empty text: older than 3.14 says that there is none to be absent either.
            Assert::NoBoundary(ascii) => len > 0 && word(at.checked_sub(1), ascii) == word(Some(at), ascii),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn all(pattern: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Regex::new(pattern).unwrap().find_all(text, |part| found.push(part.to_owned())).unwrap();
        found
    }

    #[test]
    fn finds_what_python_finds() {
        assert_eq!(all(r"(?u)\b\w[\w']+\b", "it's don''t a b' ½x"), ["it's", "don''t", "½x"]);
        assert_eq!(all(r"(?u)\b(\w)\w+\b", "dog x fox"), ["d", "f"]);
        assert_eq!(all("[a-zA-Z]{3,}", "ab abc äbcd e1fgh"), ["abc", "bcd", "fgh"]);
        assert_eq!(all("a*", "baac"), ["", "aa", "", ""]);
        assert_eq!(all("a*?", "aa"), ["", "a", "", "a", ""]);
        assert_eq!(all(r"(?i)caf[É]", "CAFé Café"), ["CAFé", "Café"]);
        assert_eq!(all(r"(?<!x)a(?=b)", "ab xab ac"), ["a"]);
        assert_eq!(all(r"(a|b)\1", "aabbab"), ["a", "b"]);
        assert_eq!(all(r"a++b|c", "aaabc"), ["aaab", "c"]);
        assert_eq!(all(r"(?:a*)*b", "aab"), ["aab"]);
        assert_eq!(all(r"a{,2}x{2}|{}", "aaxx{}"), ["aaxx", "{}"]);
        assert_eq!(all(r"[a&&b]", "a&c"), ["a", "&"]);
        assert_eq!(all(r"(?m)^\w+$", "ab\ncd"), ["ab", "cd"]);
        assert_eq!(all(r"(?x) \w+ # a word", "ab cd"), ["ab", "cd"]);
    }

    #[test]
    fn sets_take_every_letter_of_the_same_case() {
        assert_eq!(all("(?i)[A-Z]+", "aKſİıİé"), ["aKſİıİ"]);
        assert_eq!(all("(?i)[\u{100}-\u{17f}]", "iIsSkſé"), ["i", "I", "s", "S", "ſ"]);
        assert_eq!(all("(?i)[\u{391}-\u{3a9}]+", "ϴΩωµς"), ["ϴΩωµς"]);
        assert_eq!(all("(?i)[^k]", "KkKx"), ["x"]);
        assert_eq!(all("(?i)[ßᾳ\u{390}]", "ẞᾼ\u{1fd3}"), ["ẞ", "ᾼ", "\u{1fd3}"]);
        // Iota below a letter is an iota, but no letter.
        assert_eq!(all(r"(?i)[\W]", "\u{345}A"), ["\u{345}"]);
    }

    #[test]
    fn octal_escapes_have_up_to_three_digits() {
        assert_eq!(all(r"\141b?", "abc a"), ["ab", "a"]);
        assert_eq!(all(r"[\141-\143]+", "xabcd"), ["abc"]);
        assert_eq!(all(r"[\0-\37]", "a\u{1f}b"), ["\u{1f}"]);
        assert_eq!(all(r"\1412|\08", "a2\08"), ["a2", "\08"]);
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for pattern in [
            "(", ")", "a**", "[z-a]", "*a", r"\y", "(?P<n", "(a)(b)", "(?<=a*)b", "a{3,2}", "x(?i)", "[[a", r"\400",
            r"[\777]", r"[\8]",
        ] {
            assert!(Regex::new(pattern).is_err(), "{pattern}");
        }
        assert!(Regex::new(&"(".repeat(100_000)).is_err());
        assert!(Regex::new(r"(?:(?:\w{1,1000}){1000}){1000}").is_err());
    }

    #[test]
    fn an_evil_pattern_comes_to_an_end() {
        assert_eq!(all("(?:a+)+b|(a+)", &"a".repeat(3000)), ["a".repeat(3000)]);
        let regex = Regex::new(r"(?:(?:a*)*)*(a)\1b").unwrap();
        assert!(regex.find_all(&"a".repeat(3000), |_| {}).is_err());
    }
}
