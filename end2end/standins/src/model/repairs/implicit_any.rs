//! "Parameter 'x' implicitly has an 'any' type": annotates it with the type that its use tells.

use super::{Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{SourceFile, is_word, word_at};

/// The change for this error.
pub fn repair(problem: &Problem, name: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    if word_at(&file.text, at) != name {
        return Err(give_up("the parameter is not at this place any more"));
    }
    let of = used_as(file, at, name);
    let end = at + name.len();
    let bare = file.text[end..].trim_start().starts_with("=>");
    let why = format!("{name} is used as {of}.");
    if bare {
        return replace(file, at..end, &format!("({name}: {of})"), &why);
    }
    replace(file, end..end, &format!(": {of}"), &why)
}

/// The type that the uses after the declaration tell.
fn used_as(file: &SourceFile, at: usize, name: &str) -> &'static str {
    const TEXT: [&str; 11] = [
        "toUpperCase",
        "toLowerCase",
        "trim",
        "split",
        "replace",
        "startsWith",
        "endsWith",
        "padStart",
        "charAt",
        "localeCompare",
        "substring",
    ];
    const LIST: [&str; 7] = ["map", "filter", "reduce", "forEach", "join", "push", "some"];
    const NUMBER: [&str; 2] = ["toFixed", "toPrecision"];
    let text = &file.text[at + name.len()..];
    for (index, _) in text.match_indices(name) {
        let before = text[..index].trim_end();
        let after = &text[index + name.len()..];
        let part = text[..index].chars().next_back().is_some_and(|c| is_word(c) || c == '.')
            || after.starts_with(is_word);
        if part {
            continue;
        }
        if let Some(member) =
            after.strip_prefix("?.").or_else(|| after.strip_prefix('.')).map(|rest| word_at(rest, 0))
        {
            if TEXT.contains(&member) {
                return "string";
            }
            if LIST.contains(&member) {
                return "unknown[]";
            }
            if NUMBER.contains(&member) {
                return "number";
            }
        }
        let next = after.trim_start();
        let arithmetic = |text: &str| text.starts_with(['*', '/', '%', '-']) && !text.starts_with("//");
        if arithmetic(next) || before.ends_with(['*', '/', '%', '-']) || after.starts_with("++") {
            return "number";
        }
        if (next.starts_with('>') || next.starts_with('<'))
            && next[1..].trim_start().starts_with(|c: char| c.is_ascii_digit())
        {
            return "number";
        }
        if before.ends_with('!') || before.ends_with("if (") {
            return "boolean";
        }
    }
    "unknown"
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn the_type_is_told_by_the_use() {
        for (column, name, before, after) in [
            (
                12,
                "price",
                "function f(price) { return price * 2; }\n",
                "function f(price: number) { return price * 2; }\n",
            ),
            (11, "name", "const f = name => name.trim();\n", "const f = (name: string) => name.trim();\n"),
            (
                12,
                "rows",
                "function f(rows) { return rows.map(String); }\n",
                "function f(rows: unknown[]) { return rows.map(String); }\n",
            ),
            (12, "x", "function f(x) { return x; }\n", "function f(x: unknown) { return x; }\n"),
        ] {
            let log = format!(
                "src/a.ts(1,{column}): error TS7006: Parameter '{name}' implicitly has an 'any' type."
            );
            assert_eq!(mend(&log, &[("src/a.ts", before)]), after);
        }
    }
}
