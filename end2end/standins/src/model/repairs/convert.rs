//! A value of one type made into another type, as a person would write it.

use crate::model::source::{chain, distance, string_end};

/// `value` of type `from` as an expression of type `to`; none where only a person can know.
#[must_use]
pub fn convert(value: &str, from: &str, to: &str) -> Option<String> {
    let (from, to, value) = (from.trim(), to.trim(), value.trim());
    if value.is_empty() {
        return None;
    }
    let (absent, plain) = split_absent(from);
    if !absent.is_empty() && !to.split('|').any(|part| absent.contains(&part.trim())) {
        if plain.is_empty() {
            return neutral(to);
        }
        if plain == to || widened(plain, to) {
            return neutral(to).map(|neutral| format!("{} ?? {neutral}", operand(value)));
        }
    }
    if from == format!("Promise<{to}>") {
        return Some(format!("await {value}"));
    }
    let literal = unquote(value);
    match to {
        "number" => match (plain, literal) {
            (_, Some(text)) => number(text),
            ("Date", _) => Some(format!("{}.getTime()", primary(value))),
            ("bigint" | "string" | "boolean", _) => Some(format!("Number({value})")),
            _ => None,
        }
        .or_else(|| (is_text(plain) && literal.is_none()).then(|| format!("Number({value})"))),
        "string" => {
            if value.parse::<f64>().is_ok() || value == "true" || value == "false" {
                return Some(format!("\"{value}\""));
            }
            match plain {
                "Date" => Some(format!("{}.toISOString()", primary(value))),
                "string[]" => Some(format!("{}.join(\", \")", primary(value))),
                "number" | "bigint" | "boolean" | "true" | "false" => Some(format!("String({value})")),
                plain if plain.parse::<f64>().is_ok() => Some(format!("String({value})")),
                _ => None,
            }
        }
        "boolean" => match literal {
            Some("true") => Some("true".to_owned()),
            Some("false") => Some("false".to_owned()),
            Some(_) => None,
            None => match plain {
                "string" | "number" => Some(format!("Boolean({value})")),
                "0" | "1" => Some((plain == "1").to_string()),
                _ => None,
            },
        },
        "bigint" => (plain == "number").then(|| format!("BigInt({value})")),
        "Date" => (is_text(plain) || plain == "number").then(|| format!("new Date({value})")),
        _ => composed(value, plain, to, literal),
    }
}

fn composed(value: &str, from: &str, to: &str, literal: Option<&str>) -> Option<String> {
    if let Some(item) = to.strip_suffix("[]")
        && (item == from || widened(from, item))
    {
        return Some(format!("[{value}]"));
    }
    let members: Vec<&str> = to.split('|').map(str::trim).collect();
    if let Some(text) = literal {
        let texts: Vec<&str> = members.iter().filter_map(|member| unquote(member)).collect();
        let most = text.chars().count() / 2;
        let near = texts
            .into_iter()
            .map(|member| (distance(&text.to_lowercase(), &member.to_lowercase()), member))
            .min();
        if let Some((_, member)) = near.filter(|(far, _)| *far <= most) {
            let quote = value.chars().next().unwrap_or('"');
            return Some(format!("{quote}{member}{quote}"));
        }
    }
    // One of the union's members may be reachable: `number | null` from a text.
    let simple = ["number", "string", "boolean", "Date"];
    let reachable = members.into_iter().filter(|member| simple.contains(member) && *member != to);
    reachable.filter(|member| *member != from).find_map(|member| convert(value, from, member))
}

/// A value of the type that means "nothing here".
#[must_use]
pub fn neutral(of: &str) -> Option<String> {
    let of = of.trim();
    let members: Vec<&str> = of.split('|').map(str::trim).filter(|member| !member.is_empty()).collect();
    let text = match of {
        "string" => "\"\"",
        "number" => "0",
        "boolean" => "false",
        "bigint" => "0n",
        "Date" => "new Date(0)",
        "unknown" | "any" | "null" => "null",
        "undefined" | "void" => "undefined",
        _ if of.ends_with("[]") || of.starts_with("Array<") || of.starts_with("ReadonlyArray<") => "[]",
        _ if of.starts_with("Record<") || of == "{}" || of == "object" => "{}",
        _ if of.starts_with("Map<") => "new Map()",
        _ if of.starts_with("Set<") => "new Set()",
        _ if of.contains("=> void") => "() => {}",
        _ if members.contains(&"undefined") => "undefined",
        _ if members.contains(&"null") => "null",
        _ => {
            let first = members.first()?;
            let is_literal = unquote(first).is_some() || first.parse::<f64>().is_ok();
            return if is_literal {
                Some((*first).to_owned())
            } else if members.len() > 1 {
                neutral(first)
            } else {
                None
            };
        }
    };
    Some(text.to_owned())
}

/// The inside of a whole string literal.
#[must_use]
pub fn unquote(text: &str) -> Option<&str> {
    let quoted = text.starts_with(['"', '\'', '`']) && text.len() >= 2 && string_end(text, 0) == text.len();
    let inside = quoted.then(|| &text[1..text.len() - 1])?;
    (!inside.contains("${")).then_some(inside)
}

fn number(text: &str) -> Option<String> {
    let plain = text.trim().replace('_', "");
    plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(|_| text.trim().to_owned())
}

fn is_text(of: &str) -> bool {
    of == "string" || of.split('|').all(|member| unquote(member.trim()).is_some())
}

/// `"a"` is a `string`, `5` a `number`.
fn widened(from: &str, to: &str) -> bool {
    match to {
        "string" => is_text(from),
        "number" => from.parse::<f64>().is_ok(),
        "boolean" => from == "true" || from == "false",
        _ => false,
    }
}

/// The absent members of a union, and the rest of it.
fn split_absent(of: &str) -> (Vec<&str>, &str) {
    let is_absent = |part: &&str| ["null", "undefined"].contains(part);
    let absent: Vec<&str> = of.split('|').map(str::trim).filter(is_absent).collect();
    let mut rest = of;
    loop {
        let cut = rest
            .strip_suffix("null")
            .or_else(|| rest.strip_suffix("undefined"))
            .map(|rest| rest.trim_end().trim_end_matches('|').trim_end());
        match cut {
            Some(shorter) if shorter.len() < rest.len() && !absent.is_empty() => rest = shorter,
            _ => return (absent, rest),
        }
    }
}

/// The value, in brackets if an operator next to it would tear it apart.
fn operand(value: &str) -> String {
    let tight = [" ", "?"].iter().all(|part| !value.contains(part)) || chain(value, 0).len() == value.len();
    if tight { value.to_owned() } else { format!("({value})") }
}

fn primary(value: &str) -> String {
    let made = value
        .strip_prefix("new ")
        .is_some_and(|made| made.ends_with(')') && chain(made, 0).len() == made.len());
    if made || chain(value, 0).len() == value.len() { value.to_owned() } else { format!("({value})") }
}

#[cfg(test)]
mod tests {
    use super::{convert, neutral};

    #[test]
    fn values_become_what_is_wanted() {
        for (value, from, to, wanted) in [
            ("\"5\"", "string", "number", Some("5")),
            ("'12.5'", "\"12.5\"", "number", Some("12.5")),
            ("\"many\"", "string", "number", None),
            ("input.value", "string", "number", Some("Number(input.value)")),
            ("`${n}`", "string", "number", Some("Number(`${n}`)")),
            ("process.env.PORT", "string | undefined", "number", Some("Number(process.env.PORT)")),
            ("5", "number", "string", Some("\"5\"")),
            ("total * 2", "number", "string", Some("String(total * 2)")),
            ("now", "Date", "string", Some("now.toISOString()")),
            ("new Date()", "Date", "number", Some("new Date().getTime()")),
            ("name", "string | undefined", "string", Some("name ?? \"\"")),
            ("a ? b : c", "string | null", "string", Some("(a ? b : c) ?? \"\"")),
            ("find(1)", "Item[] | undefined", "Item[]", Some("find(1) ?? []")),
            ("null", "null", "number", Some("0")),
            ("\"true\"", "string", "boolean", Some("true")),
            ("tag", "string", "string[]", Some("[tag]")),
            ("load()", "Promise<string>", "string", Some("await load()")),
            ("\"prmary\"", "\"prmary\"", "\"primary\" | \"plain\"", Some("\"primary\"")),
            ("'euro'", "\"euro\"", "\"EUR\" | \"USD\"", Some("'EUR'")),
            ("\"5\"", "string", "number | null", Some("5")),
            ("item", "Item", "Order", None),
        ] {
            assert_eq!(convert(value, from, to).as_deref(), wanted, "{value}: {from} to {to}");
        }
    }

    #[test]
    fn neutral_values_fit_their_types() {
        for (of, wanted) in [
            ("string", Some("\"\"")),
            ("Item[]", Some("[]")),
            ("\"a\" | \"b\"", Some("\"a\"")),
            ("Item | null", Some("null")),
            ("(id: string) => void", Some("() => {}")),
            ("Item", None),
        ] {
            assert_eq!(neutral(of).as_deref(), wanted, "{of}");
        }
    }
}
