//! "Property 'x' does not exist on type 'T'": a slip is corrected; else the type's declaration tells
//! the nearest name, or gets the property.

use super::declaration::declared;
use super::{Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{SourceFile, nearest, skip_blank, word_at};

/// Standard members that a type without a declaration here has.
const BUILT_IN: [(&str, &[&str]); 3] = [
    (
        "[]",
        &[
            "length", "map", "filter", "reduce", "forEach", "includes", "join", "slice", "find", "some",
            "every", "push", "sort", "indexOf", "concat", "flatMap", "reverse",
        ],
    ),
    (
        "string",
        &[
            "length",
            "toUpperCase",
            "toLowerCase",
            "trim",
            "split",
            "replace",
            "includes",
            "startsWith",
            "endsWith",
            "slice",
            "padStart",
            "padEnd",
            "indexOf",
            "charAt",
            "repeat",
        ],
    ),
    ("number", &["toFixed", "toString", "toLocaleString", "toPrecision"]),
];

/// The change for this error.
pub fn repair(
    problem: &Problem,
    name: &str,
    on: &str,
    suggestion: Option<&str>,
    evidence: &Evidence,
) -> Repair {
    let (file, at) = place(problem, evidence)?;
    if word_at(&file.text, at) != name {
        return Err(give_up("the property is not at this place any more"));
    }
    let range = at..at + name.len();
    let correct =
        |right: &str| replace(file, range.clone(), right, &format!("{on} has {right}, not {name}."));
    if let Some(right) = suggestion {
        return correct(right);
    }
    let built_in = BUILT_IN.iter().find(|(kind, _)| on == *kind || (*kind == "[]" && on.ends_with("[]")));
    if let Some((_, members)) = built_in {
        let right = nearest(name, members.iter().copied())
            .ok_or_else(|| give_up("no member has a name like this"))?;
        return correct(right);
    }
    let declaration = declared(on, evidence)?;
    if let Some(right) = nearest(name, declaration.members.iter().map(|member| member.name.as_str())) {
        return correct(right);
    }
    let of = used_as(file, at, name);
    let inside = &declaration.file.text[declaration.body.clone()];
    let first = declaration.body.start + skip_blank(inside, 0);
    let indent = if inside.contains('\n') { "\n  " } else { " " };
    let why = format!("{name} is used but {on} did not declare it.");
    replace(declaration.file, first..first, &format!("{name}?: {of};{indent}"), &why)
}

/// The type that a property's use tells.
fn used_as(file: &SourceFile, at: usize, name: &str) -> &'static str {
    let after = file.text[at + name.len()..].trim_start();
    let before = file.text[..at].trim_end();
    if after.starts_with([':', '=']) {
        let value = after[1..].trim_start();
        return match value.chars().next() {
            Some('"' | '\'' | '`') => "string",
            Some(first) if first.is_ascii_digit() => "number",
            _ if value.starts_with("true") || value.starts_with("false") => "boolean",
            Some('[') => "unknown[]",
            _ => "unknown",
        };
    }
    let arithmetic = after.starts_with(['*', '/', '-']) || before.ends_with(['*', '/', '-']);
    if arithmetic || after.starts_with(".toFixed") { "number" } else { "string" }
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    const ITEM: (&str, &str) =
        ("src/item.ts", "export interface Item {\n  id: string;\n  quantity: number;\n}\n");

    #[test]
    fn slips_are_corrected() {
        let log = "src/a.ts(1,7): error TS2551: Property 'lenght' does not exist on type 'string[]'. Did you mean 'length'?";
        assert_eq!(mend(log, &[("src/a.ts", "names.lenght;\n")]), "names.length;\n");
        let log = "src/a.ts(1,6): error TS2339: Property 'qantity' does not exist on type 'Item'.";
        assert_eq!(mend(log, &[("src/a.ts", "item.qantity;\n"), ITEM]), "item.quantity;\n");
        let log = "src/a.ts(1,6): error TS2339: Property 'touppercase' does not exist on type 'string'.";
        assert_eq!(mend(log, &[("src/a.ts", "name.touppercase();\n")]), "name.toUpperCase();\n");
    }

    #[test]
    fn a_new_property_is_declared() {
        let log = "src/a.ts(1,6): error TS2339: Property 'discount' does not exist on type 'Item'.";
        let wanted = "export interface Item {\n  discount?: number;\n  id: string;\n  quantity: number;\n}\n";
        assert_eq!(mend(log, &[("src/a.ts", "item.discount * 2;\n"), ITEM]), wanted);
    }
}
