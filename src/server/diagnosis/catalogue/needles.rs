//! A pattern → its needles: texts of which one is in every line that the pattern fits. The automaton searches them,
//! so that most lines are never shown to a pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

/// So many texts are multiplied out at most.
const EXACT_LIMIT: usize = 64;
/// So many characters of a class are told apart at most.
const CLASS_LIMIT: usize = 10;
/// So many needles has a pattern at most.
const NEEDLE_LIMIT: usize = 160;
/// Length from which a needle is as rare as it gets, in bytes. What is beyond would only make the automaton larger.
pub(super) const LONG: usize = 12;

/// What is known of the texts that a part of a pattern fits. All of it in small letters.
#[derive(Clone, Debug, Default)]
struct Texts {
    /// All of them, if they are few.
    exact: Option<Vec<String>>,
    /// Each of them begins with one of these.
    heads: Option<Vec<String>>,
    /// Each of them ends with one of these.
    tails: Option<Vec<String>>,
    /// One of these is in each of them.
    inside: Option<Vec<String>>,
}

impl Texts {
    fn exact(texts: Vec<String>) -> Self {
        Self { exact: Some(texts), ..Self::default() }
    }

    fn beginning(&self) -> Option<&Vec<String>> {
        self.exact.as_ref().or(self.heads.as_ref())
    }

    fn end(&self) -> Option<&Vec<String>> {
        self.exact.as_ref().or(self.tails.as_ref())
    }

    /// The best that each of them has.
    fn needles(self) -> Option<Vec<String>> {
        best([self.exact, self.heads, self.tails, self.inside].into_iter().flatten())
    }
}

/// The needles in small letters, to be searched whatever the letters' case. `None`: the pattern fits lines that have
/// nothing in common.
pub(super) fn of(pattern: &str) -> Option<Vec<String>> {
    let mut needles = texts(&regex_syntax::parse(pattern).ok()?).needles()?;
    for needle in &mut needles {
        needle.truncate(needle.floor_char_boundary(LONG));
    }
    needles.sort();
    needles.dedup();
    Some(needles)
}

fn texts(hir: &Hir) -> Texts {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Texts::exact(vec![String::new()]),
        HirKind::Literal(literal) => Texts::exact(vec![String::from_utf8_lossy(&literal.0).to_lowercase()]),
        HirKind::Class(class) => characters(class).map_or_else(Texts::default, Texts::exact),
        HirKind::Capture(group) => texts(&group.sub),
        HirKind::Repetition(repeated) => {
            let sub = texts(&repeated.sub);
            match (repeated.min, repeated.max) {
                (0, Some(1)) => Texts {
                    exact: sub.exact.map(|mut exact| {
                        exact.push(String::new());
                        exact
                    }),
                    ..Texts::default()
                },
                (0, _) => Texts::default(),
                (1, Some(1)) => sub,
                _ => Texts {
                    heads: sub.beginning().cloned(),
                    tails: sub.end().cloned(),
                    inside: sub.needles(),
                    exact: None,
                },
            }
        }
        HirKind::Concat(parts) => in_a_row(parts),
        HirKind::Alternation(parts) => one_of(parts),
    }
}

/// The characters of a small class; a letter in both cases is one. Of the world's digits tools print ten.
fn characters(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let count: usize = class.ranges().iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum();
    let ascii = class.ranges().iter().flat_map(|range| range.start()..=range.end().min('\u{7f}'));
    let mut characters: Vec<String> =
        ascii.take(CLASS_LIMIT + 1).map(|c| c.to_lowercase().to_string()).collect();
    if characters.len() > CLASS_LIMIT || (characters.is_empty() && count > CLASS_LIMIT) {
        return None;
    }
    if count <= CLASS_LIMIT {
        let others = class.ranges().iter().flat_map(|range| range.start().max('\u{80}')..=range.end());
        // The long s and the sign for Kelvin are letters in another case, too, which no tool prints.
        characters.extend(others.filter(|c| !matches!(c, 'ſ' | 'K')).map(|c| c.to_lowercase().to_string()));
    }
    characters.sort();
    characters.dedup();
    Some(characters)
}

fn in_a_row(parts: &[Hir]) -> Texts {
    let nothing = || vec![String::new()];
    let mut run = nothing();
    let mut heads: Option<Vec<String>> = None;
    let mut found: Vec<Vec<String>> = Vec::new();
    for part in parts {
        let texts = texts(part);
        let next = texts.beginning().and_then(|next| multiplied(&run, next));
        if let (Some(next), Some(_)) = (&next, &texts.exact) {
            run.clone_from(next);
            continue;
        }
        let run_to_here = next.unwrap_or_else(|| run.clone());
        heads.get_or_insert_with(|| run_to_here.clone());
        found.push(run_to_here);
        run = texts.end().filter(|tails| tails.len() <= EXACT_LIMIT).cloned().unwrap_or_else(nothing);
        found.extend(texts.needles());
    }
    match heads {
        None => Texts::exact(run),
        Some(heads) => {
            found.push(run.clone());
            Texts { exact: None, heads: Some(heads), tails: Some(run), inside: best(found) }
        }
    }
}

fn multiplied(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let joined = |head: &String| tails.iter().map(|tail| format!("{head}{tail}")).collect::<Vec<_>>();
    (heads.len() * tails.len() <= EXACT_LIMIT).then(|| heads.iter().flat_map(joined).collect())
}

fn one_of(parts: &[Hir]) -> Texts {
    let all: Vec<Texts> = parts.iter().map(texts).collect();
    let joined = |lists: Option<Vec<Vec<String>>>| {
        lists.map(|lists| lists.concat()).filter(|joined| joined.len() <= NEEDLE_LIMIT)
    };
    Texts {
        exact: joined(all.iter().map(|texts| texts.exact.clone()).collect()),
        heads: joined(all.iter().map(|texts| texts.beginning().cloned()).collect()),
        tails: joined(all.iter().map(|texts| texts.end().cloned()).collect()),
        inside: joined(all.into_iter().map(Texts::needles).collect()),
    }
}

/// The list whose shortest text is rarest; of equals the shorter list. None with an empty text, which says nothing.
fn best(lists: impl IntoIterator<Item = Vec<String>>) -> Option<Vec<String>> {
    let rarest = |list: &Vec<String>| list.iter().map(|text| rarity(text)).min().unwrap_or(0);
    lists
        .into_iter()
        .filter(|list| rarest(list) > 0 && list.len() <= NEEDLE_LIMIT)
        .max_by_key(|list| (rarest(list), std::cmp::Reverse(list.len())))
}

/// By its length; a sign beyond ASCII is rarer than letters.
fn rarity(text: &str) -> usize {
    let sign = if text.is_ascii() { 0 } else { LONG / 2 };
    (text.trim().len() + sign).min(LONG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(r"^error TS\S+: ", &["error ts"])]
    #[case(r"(?i)^out of memory", &["out of memor"])]
    #[case(r"^npm (?:error|ERR!) code E404$", &["npm err! cod", "npm error co"])]
    #[case(r"^(?:Error: )?\w+ is not defined", &[" is not defi"])]
    #[case(r"\S+ (?:kB|MB) too large|heap limit", &[" kb too larg", " mb too larg", "heap limit"])]
    #[case(r"(?:Cannot find )+x{2,}", &["cannot find "])]
    #[case(r"[Ff]ailed", &["failed"])]
    #[case(r"^\[(?:vite[\w:]*|rollup)\] .*bad", &["[rollup", "[vite"])]
    #[case(r"^\S+ format .*━", &["━"])]
    #[case(r"^eleven char━s", &["eleven char"])]
    #[case(r"^(?P<file>\S+\.go):\d+: ", &[".go:0", ".go:1", ".go:2", ".go:3", ".go:4", ".go:5", ".go:6", ".go:7", ".go:8", ".go:9"])]
    fn knows_what_every_fitting_line_has(#[case] pattern: &str, #[case] expected: &[&str]) {
        assert_eq!(of(pattern).unwrap_or_default(), expected);
    }

    #[rstest]
    #[case(r"\S+")]
    #[case(r"a|\w")]
    #[case(r"(?:abc)?")]
    #[case(r"(")]
    fn knows_when_they_have_nothing_in_common(#[case] pattern: &str) {
        assert_eq!(of(pattern), None);
    }
}
