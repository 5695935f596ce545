//! "Type 'A' is not assignable to type 'B'": converts the value, or corrects the annotation when the
//! value cannot be of that type.

use super::convert::{convert, unquote};
use super::declaration::alias_of;
use super::value::{Value, value_at};
use super::{Next, Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::SourceFile;

/// The change for this error.
pub fn repair(problem: &Problem, from: &str, to: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let jsx = file.path.ends_with('x') || file.path.ends_with(".astro");
    let value = value_at(&file.text, at, jsx);
    change(file, &value, from, to, evidence)
}

/// Replaces the value with one of the wanted type.
pub fn change(file: &SourceFile, value: &Value, from: &str, to: &str, evidence: &Evidence) -> Repair {
    let text = &file.text[value.text.clone()];
    if text.is_empty() {
        return Err(give_up("there is no value at this place"));
    }
    let annotation = value.annotation.clone().map(|range| (&file.text[range.clone()], range));
    if matches!(from, "null" | "undefined")
        && let Some((written, range)) = &annotation
    {
        let why = format!("The value may be {from}, so the type has to say so.");
        return replace(file, range.clone(), &format!("{written} | {from}"), &why);
    }
    if let Some(converted) = convert(text, from, to) {
        let why = format!("A value of type {to} is needed here, and this one is {from}.");
        return replace(file, value.range.clone(), &value.write(&file.text, &converted), &why);
    }
    if let Some((_, range)) = annotation
        && let Some(right) = literal_type(text)
    {
        let why = format!("The value is a {right} and cannot be made a {to}, so the annotation was wrong.");
        return replace(file, range, right, &why);
    }
    match alias_of(to, evidence)? {
        Some(meaning) => {
            let converted = convert(text, from, &meaning).ok_or_else(|| unknown(from, to))?;
            let why = format!("{to} is {meaning}, and this value is {from}.");
            replace(file, value.range.clone(), &value.write(&file.text, &converted), &why)
        }
        None => Err(unknown(from, to)),
    }
}

fn unknown(from: &str, to: &str) -> Next {
    Next::GiveUp(format!("I do not know how to make {to} from {from}"))
}

fn literal_type(value: &str) -> Option<&'static str> {
    if unquote(value).is_some() {
        Some("string")
    } else if value.parse::<f64>().is_ok() {
        Some("number")
    } else if value == "true" || value == "false" {
        Some("boolean")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    fn log(position: &str, message: &str) -> String {
        format!("src/a.ts{position}: error TS2322: {message}")
    }

    #[test]
    fn values_are_converted_where_they_stand() {
        let to_number = "Type 'string' is not assignable to type 'number'.";
        for (position, message, before, after) in [
            ("(1,7)", to_number, "const port: number = \"8080\";\n", "const port: number = 8080;\n"),
            (
                "(2,3)",
                to_number,
                "function f(text: string): number {\n  return text;\n}\n",
                "function f(text: string): number {\n  return Number(text);\n}\n",
            ),
            (
                "(1,31)",
                to_number,
                "const row: Row = { name: \"a\", qty: input.value };\n",
                "const row: Row = { name: \"a\", qty: Number(input.value) };\n",
            ),
            (
                "(1,14)",
                to_number,
                "const x = ({ qty });\nconst y = f({ qty });\n",
                "const x = ({ qty: Number(qty) });\nconst y = f({ qty });\n",
            ),
            (
                "(1,7)",
                to_number,
                "const host: number = \"localhost\";\n",
                "const host: string = \"localhost\";\n",
            ),
            (
                "(1,5)",
                "Type 'null' is not assignable to type 'string'.",
                "let name: string = null;\n",
                "let name: string | null = null;\n",
            ),
            (
                "(1,7)",
                "Type 'string | undefined' is not assignable to type 'string'.",
                "const url: string = process.env.URL;\n",
                "const url: string = process.env.URL ?? \"\";\n",
            ),
            (
                "(1,7)",
                "Type 'number' is not assignable to type 'string'.",
                "const label: string = items.length;\n",
                "const label: string = String(items.length);\n",
            ),
        ] {
            assert_eq!(
                mend(&log(position, message), &[("src/a.ts", before)]),
                after.trim_end().to_owned() + "\n"
            );
        }
    }

    #[test]
    fn a_named_type_is_looked_up() {
        let files = [
            ("src/a.ts", "const order: Order = { currency: \"euro\" };\n"),
            ("src/types.ts", "export type Currency =\n  | \"EUR\"\n  | \"USD\";\n"),
        ];
        let log = log("(1,24)", "Type '\"euro\"' is not assignable to type 'Currency'.");
        assert_eq!(mend(&log, &files), "const order: Order = { currency: \"EUR\" };\n");
    }

    #[test]
    fn a_line_that_occurs_twice_is_told_apart() {
        let before =
            "function a(): number {\n  return \"1\";\n}\nfunction b(): number {\n  return \"1\";\n}\n";
        let after = "function a(): number {\n  return \"1\";\n}\nfunction b(): number {\n  return 1;\n}\n";
        assert_eq!(
            mend(&log("(5,3)", "Type 'string' is not assignable to type 'number'."), &[("src/a.ts", before)]),
            after
        );
    }

    #[test]
    fn what_only_a_person_knows_is_left() {
        let log = log("(1,7)", "Type 'Item' is not assignable to type 'Order'.");
        assert!(mend(&log, &[("src/a.ts", "const x: Order = item;\n")]).starts_with("gave up"));
    }
}
