//! Where the value is that an assignment error is about: the error points at the name, not at it.

use std::ops::Range;

use crate::model::source::{
    chain, enclosing, expression, expression_list_end, skip_blank, string_end, word_at,
};

/// The value's place, and how it has to be written back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What to replace.
    pub range: Range<usize>,
    /// The value's own text inside that.
    pub text: Range<usize>,
    /// How to write it.
    pub form: Form,
    /// The type annotation of the declaration, if it is one.
    pub annotation: Option<Range<usize>>,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// `{value}` in JSX.
    Braces,
    /// `name: value` for a shorthand property.
    Property,
}

impl Value {
    fn plain(range: Range<usize>) -> Value {
        Value { text: range.clone(), range, form: Form::Plain, annotation: None }
    }

    /// The replacement for `range` that holds the new value.
    #[must_use]
    pub fn write(&self, source: &str, value: &str) -> String {
        match self.form {
            Form::Plain => value.to_owned(),
            Form::Braces => format!("{{{value}}}"),
            Form::Property => format!("{}: {value}", &source[self.text.clone()]),
        }
    }
}

/// The value that an error at `at` is about.
#[must_use]
pub fn value_at(source: &str, at: usize, jsx: bool) -> Value {
    let word = word_at(source, at);
    if word == "return" {
        return Value::plain(expression(source, at + word.len()));
    }
    if word.is_empty() {
        return Value::plain(expression(source, at));
    }
    let target = chain(source, at);
    let mut after = skip_blank(source, target.end);
    if source[after..].starts_with(['!', '?']) && source[after + 1..].trim_start().starts_with(':') {
        after = skip_blank(source, after + 1);
    }
    let rest = &source[after..];
    if is_assignment(rest) {
        if jsx && after == target.end {
            return attribute(source, after + 1);
        }
        return Value::plain(expression(source, after + 1));
    }
    if rest.starts_with(':') && !is_conditional(source, at) {
        return annotated(source, after + 1);
    }
    let shorthand = target.len() == word.len()
        && rest.starts_with([',', '}'])
        && enclosing(source, at) == Some('{')
        && source[..at].trim_end().ends_with(['{', ',']);
    if shorthand {
        return Value { range: target.clone(), text: target, form: Form::Property, annotation: None };
    }
    Value::plain(expression(source, at))
}

fn is_assignment(rest: &str) -> bool {
    rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>")
}

/// `a ? b : c` with the error at `b`.
fn is_conditional(source: &str, at: usize) -> bool {
    source[..at].trim_end().ends_with('?')
}

/// After a colon: a type and then `= value`, or the value of a property.
fn annotated(source: &str, colon_end: usize) -> Value {
    let start = skip_blank(source, colon_end);
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(character) = source[at..].chars().next() {
        match character {
            '"' | '\'' | '`' => {
                at = string_end(source, at);
                continue;
            }
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if source[..at].ends_with('=') => {}
            ')' | ']' | '}' | '>' if depth > 0 => depth -= 1,
            ')' | ']' | '}' | ',' | ';' | '\n' if depth == 0 => break,
            '=' if depth == 0 && is_assignment(&source[at..]) => {
                let annotation = start..source[..at].trim_end().len();
                return Value { annotation: Some(annotation), ..Value::plain(expression(source, at + 1)) };
            }
            _ => {}
        }
        at += character.len_utf8();
    }
    Value::plain(expression(source, start))
}

/// After `name=` in JSX: a string, or braces with an expression.
fn attribute(source: &str, at: usize) -> Value {
    match source[at..].chars().next() {
        Some('"' | '\'') => {
            let range = at..string_end(source, at);
            Value { text: range.clone(), range, form: Form::Braces, annotation: None }
        }
        Some('{') => {
            let end = expression_list_end(source, at + 1).unwrap_or(source.len());
            let start = skip_blank(source, at + 1);
            let text = start..start + source[start..end].trim_end().len();
            Value::plain(text)
        }
        _ => Value::plain(expression(source, at)),
    }
}

#[cfg(test)]
mod tests {
    use super::value_at;

    #[test]
    fn values_are_found_from_names() {
        for (source, name, value) in [
            ("const port: number = \"80\";", "port", "\"80\""),
            ("let f: (a: string) => void = run;", "f", "run"),
            ("let m: Map<string, number> = load(x, y);", "m", "load(x, y)"),
            ("order.total = sum + \"\";", "order", "sum + \"\""),
            ("return items.length;", "return", "items.length"),
            ("f({ id: 1, total: row.total, x })", "total", "row.total"),
            ("f({ id: 1, x })", "x", "x"),
            ("<Row count=\"5\" />", "count", "\"5\""),
            ("<Row count={total + 1} />", "count", "total + 1"),
            ("function f(a: number = \"1\") {}", "a:", "\"1\""),
            ("const x = () => name", "name", "name"),
        ] {
            let at = source.find(name).unwrap_or_default();
            let found = value_at(source, at, source.starts_with('<'));
            assert_eq!(&source[found.text], value, "{source}");
        }
    }
}
