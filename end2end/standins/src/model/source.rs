//! Reading TypeScript just well enough to change one place: positions, identifiers, expressions.

use std::ops::Range;

/// Text of a file as far as it was read, with lines counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as it was asked for.
    pub path: String,
    /// The text.
    pub text: String,
    /// Number of the first line in `text`.
    pub first_line: usize,
}

impl SourceFile {
    /// Byte offset of a 1-based line and column; columns count UTF-16 units, as compilers do. None
    /// if there is no such place.
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> Option<usize> {
        let index = line.checked_sub(self.first_line)?;
        let start = if index == 0 { 0 } else { self.text.match_indices('\n').nth(index - 1)?.0 + 1 };
        let rest = self.text[start..].split('\n').next()?;
        let mut units = 0;
        for (at, character) in rest.char_indices() {
            if units + 1 >= column {
                return Some(start + at);
            }
            units += character.len_utf16();
        }
        (units + 1 >= column).then_some(start + rest.len())
    }

    /// The whole lines that a range touches, without the last line break.
    #[must_use]
    pub fn lines_of(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[range.end..].find('\n').map_or(self.text.len(), |at| range.end + at);
        start..end
    }
}

/// An identifier character.
#[must_use]
pub fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The identifier that starts at `at`.
#[must_use]
pub fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    &rest[..end]
}

/// First offset from `at` on that is not blank.
#[must_use]
pub fn skip_blank(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + (rest.len() - rest.trim_start().len())
}

/// What ends an expression at depth 0, beside the closing brackets.
const ENDS: [char; 2] = [',', ';'];

/// The expression that starts at `start`: up to a comma, a semicolon, an unmatched closing bracket,
/// or the end of a line that is not continued.
#[must_use]
pub fn expression(text: &str, start: usize) -> Range<usize> {
    let start = skip_blank(text, start);
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '"' | '\'' | '`' => {
                at = string_end(text, at);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            '\n' if depth == 0 && !continues(text, start, at) => break,
            _ if depth == 0 && ENDS.contains(&character) => break,
            _ => {}
        }
        at += character.len_utf8();
    }
    let value = text[start..at].trim_end();
    start..start + value.len()
}

/// Offset after the string literal that starts at `at`.
#[must_use]
pub fn string_end(text: &str, at: usize) -> usize {
    let mut characters = text[at..].char_indices();
    let Some((_, quote)) = characters.next() else { return at };
    let mut escaped = false;
    for (index, character) in characters {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote || (character == '\n' && quote != '`') {
            return at + index + character.len_utf8();
        }
    }
    text.len()
}

fn continues(text: &str, start: usize, line_end: usize) -> bool {
    let operators = ['+', '-', '*', '/', '?', ':', '&', '|', '=', '.', '<', '>', '(', '['];
    let before = text[start..line_end].trim_end();
    let after = text[line_end..].trim_start();
    before.is_empty() || before.ends_with(operators) || after.starts_with(['.', '?', ':', '+', '*', '&', '|'])
}

/// The member chain that starts at `at`: `a.b?.c`, `a[0].b`, `this.x`, calls included.
#[must_use]
pub fn chain(text: &str, at: usize) -> Range<usize> {
    let mut end = at + word_at(text, at).len();
    loop {
        let rest = &text[end..];
        if let Some(dot) = ["?.", "."].into_iter().find(|dot| rest.starts_with(dot)) {
            let word = word_at(text, end + dot.len());
            if !word.is_empty() {
                end += dot.len() + word.len();
                continue;
            }
        }
        if rest.starts_with(['(', '[']) {
            let inside = expression_list_end(text, end + 1);
            if let Some(inside) = inside {
                end = inside + 1;
                continue;
            }
        }
        return at..end;
    }
}

/// Offset of the bracket that closes the one before `at`.
#[must_use]
pub fn expression_list_end(text: &str, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(character) = text.get(at..)?.chars().next() {
        match character {
            '"' | '\'' | '`' => {
                at = string_end(text, at);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        at += character.len_utf8();
    }
    None
}

/// The bracket that encloses `at`, if any.
#[must_use]
pub fn enclosing(text: &str, at: usize) -> Option<char> {
    let mut depth = 0_usize;
    for character in text[..at].chars().rev() {
        match character {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth == 0 => return Some(character),
            '(' | '[' | '{' => depth -= 1,
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Edits (insert, delete, replace, swap of neighbours) between two names, letter case counting half.
#[must_use]
pub fn distance(left: &str, right: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).map(|column| column * 2).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![(i + 1) * 2];
        for (j, y) in b.iter().enumerate() {
            let cost = if x == y {
                0
            } else if x.eq_ignore_ascii_case(y) {
                1
            } else {
                2
            };
            let mut best = (rows[i][j] + cost).min(rows[i][j + 1] + 2).min(row[j] + 2);
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                best = best.min(rows[i - 1][j - 1] + 2);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()].div_ceil(2)
}

/// The nearest of `candidates`, if it is near enough to be a slip: a third of the name's length.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1) + 1;
    let near = candidates
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(name, candidate), candidate));
    near.filter(|(far, _)| *far <= most).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, chain, distance, enclosing, expression, nearest};

    #[test]
    fn offsets_count_lines_and_utf16_columns() {
        let file =
            SourceFile { path: "a.ts".to_owned(), text: "let é = 1;\n\tx😀y".to_owned(), first_line: 1 };
        assert_eq!(file.offset(1, 5).map(|at| &file.text[at..at + 2]), Some("é"));
        assert_eq!(file.offset(2, 5).map(|at| &file.text[at..]), Some("y"));
        assert_eq!(file.offset(9, 1), None);
    }

    #[test]
    fn expressions_end_where_the_value_ends() {
        for (text, wanted) in [
            ("\"5\";", "\"5\""),
            ("f(a, b), c", "f(a, b)"),
            ("a ? { x: 1 } : b }", "a ? { x: 1 } : b"),
            ("items\n  .map(x => x)\nnext()", "items\n  .map(x => x)"),
            ("`a;${b}`)", "`a;${b}`"),
            ("x\ny", "x"),
        ] {
            assert_eq!(&text[expression(text, 0)], wanted);
        }
    }

    #[test]
    fn chains_take_calls_and_optional_parts() {
        let text = "user?.name.first(1)[0] + 1";
        assert_eq!(&text[chain(text, 0)], "user?.name.first(1)[0]");
    }

    #[test]
    fn brackets_around_a_place() {
        assert_eq!(enclosing("f({ a, b", 7), Some('{'));
        assert_eq!(enclosing("f({ a }, b", 9), Some('('));
        assert_eq!(enclosing("x", 1), None);
    }

    #[test]
    fn near_names_are_slips_and_far_ones_are_not() {
        assert_eq!(distance("totel", "total"), 1);
        assert_eq!(distance("quantiy", "quantity"), 1);
        assert_eq!(nearest("quantiy", ["quality", "quantity", "price"].into_iter()), Some("quantity"));
        assert_eq!(nearest("invoice", ["customer", "total"].into_iter()), None);
    }
}
