//! "Property 'x' is missing in type … but required in type 'T'": adds it with a neutral value of the
//! type that the declaration gives it.

use super::convert::neutral;
use super::declaration::{alias_of, declared};
use super::value::value_at;
use super::{Next, Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{chain, skip_blank};

/// The change for this error.
pub fn repair(problem: &Problem, names: &[String], on: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let declaration = declared(on, evidence)?;
    let mut added = Vec::new();
    for name in names {
        let member = declaration.members.iter().find(|member| member.name == *name);
        let of = member
            .map(|member| member.of.clone())
            .ok_or_else(|| Next::GiveUp(format!("{on} does not declare {name} itself")))?;
        let value = match neutral(&of) {
            Some(value) => Some(value),
            None => alias_of(&of, evidence)?.as_deref().and_then(neutral),
        };
        added.push((name, value.ok_or_else(|| Next::GiveUp(format!("I know no neutral value of {of}")))?));
    }
    let why = format!("{on} requires {}.", names.join(", "));
    let text = &file.text;
    if text[..at].ends_with('<') {
        let attributes: String = added.iter().map(|(name, value)| format!(" {name}={{{value}}}")).collect();
        let end = chain(text, at).end;
        return replace(file, end..end, &attributes, &why);
    }
    let value = value_at(text, at, false).text;
    let open = text[value.clone()]
        .find('{')
        .filter(|found| text[value.start..value.start + found].trim().is_empty());
    let open = value.start + open.ok_or_else(|| give_up("the value is not written out at this place"))? + 1;
    let first = skip_blank(text, open);
    let gap = &text[open..first];
    let empty = text[first..].starts_with('}');
    let separator = if gap.contains('\n') && !empty { gap } else { " " };
    let members: Vec<String> = added.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let members = members.join(&format!(",{separator}"));
    let with = if empty { format!(" {members} ") } else { format!("{members},{separator}") };
    let range = if empty { open..first } else { first..first };
    replace(file, range, &with, &why)
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    const TYPES: (&str, &str) = (
        "src/types.ts",
        "export interface Item {\n  id: string;\n  qty: number;\n  tags: string[];\n  kind: Kind;\n}\nexport type Kind = \"new\" | \"used\";\n",
    );

    #[test]
    fn required_properties_are_added() {
        let log = |position: &str, name: &str| {
            format!(
                "src/a.ts{position}: error TS2741: Property '{name}' is missing in type '{{ id: string; }}' but required in type 'Item'."
            )
        };
        for (position, name, before, after) in [
            ("(1,7)", "qty", "const a: Item = { id: \"1\" };\n", "const a: Item = { qty: 0, id: \"1\" };\n"),
            (
                "(1,7)",
                "tags",
                "const a: Item = {\n  id: \"1\",\n};\n",
                "const a: Item = {\n  tags: [],\n  id: \"1\",\n};\n",
            ),
            ("(1,5)", "kind", "add({ id: \"1\" });\n", "add({ kind: \"new\", id: \"1\" });\n"),
            ("(1,7)", "qty", "const a: Item = {};\n", "const a: Item = { qty: 0 };\n"),
        ] {
            assert_eq!(mend(&log(position, name), &[("src/a.ts", before), TYPES]), after);
        }
    }

    #[test]
    fn several_at_once_and_in_jsx() {
        let log = "src/a.ts(1,7): error TS2739: Type '{ id: string; }' is missing the following properties from type 'Item': qty, tags";
        assert_eq!(
            mend(log, &[("src/a.ts", "const a: Item = { id: x };\n"), TYPES]),
            "const a: Item = { qty: 0, tags: [], id: x };\n"
        );
        let log = "src/a.tsx(1,2): error TS2741: Property 'qty' is missing in type '{}' but required in type 'Item'.";
        assert_eq!(mend(log, &[("src/a.tsx", "<Row id=\"1\" />;\n"), TYPES]), "<Row qty={0} id=\"1\" />;\n");
    }
}
