//! "'x' is declared but its value is never read": takes it out of its import, removes its statement,
//! or marks a parameter with an underscore.

use super::{Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{SourceFile, enclosing, expression, word_at};

/// The change for this error.
pub fn repair(problem: &Problem, name: Option<&str>, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let line = file.lines_of(&(at..at));
    let start = statement_start(file, at);
    if file.text[start..].starts_with("import") {
        return import(file, start, name);
    }
    let name = name.ok_or_else(|| give_up("the message names nothing"))?;
    let statement = file.text[line.start..at].trim();
    let declares = ["const", "let", "var", "export const"].contains(&statement);
    if declares && word_at(&file.text, at) == name {
        let equals = file.text[at..]
            .find('=')
            .map(|found| at + found + 1)
            .ok_or_else(|| give_up("it has no value"))?;
        let mut end = expression(&file.text, equals).end;
        if file.text[end..].starts_with(';') {
            end += 1;
        }
        if file.text[equals..end].contains("await ") {
            return Err(give_up("its value may be needed for what it does"));
        }
        return remove(file, line.start, end, name);
    }
    if word_at(&file.text, at) == name && enclosing(&file.text, at) == Some('(') {
        return replace(file, at..at, "_", &format!("The parameter {name} is not used."));
    }
    Err(give_up("removing it needs a decision"))
}

fn statement_start(file: &SourceFile, at: usize) -> usize {
    let lines = file.text[..at].rmatch_indices("import").map(|(index, _)| index);
    let mut starts = lines.filter(|index| *index == 0 || file.text[..*index].ends_with('\n'));
    // An import ends with its module's name, so nothing but names may be between it and the place.
    let close = starts.find(|index| !file.text[*index..at].contains([';', '"', '\'']));
    close.unwrap_or_else(|| file.lines_of(&(at..at)).start)
}

fn import(file: &SourceFile, start: usize, name: Option<&str>) -> Repair {
    let text = &file.text;
    let end = text[start..]
        .find(['"', '\''])
        .and_then(|quote| text[start + quote + 1..].find(['"', '\'']).map(|close| start + quote + close + 2));
    let mut end = end.ok_or_else(|| give_up("the import has no module"))?;
    if text[end..].starts_with(';') {
        end += 1;
    }
    let whole = &text[start..end];
    let inside = whole.find('{').zip(whole.find('}')).map(|(open, close)| start + open + 1..start + close);
    let Some((name, inside)) = name.zip(inside) else {
        return remove(file, start, end, name.unwrap_or("the import"));
    };
    let kept: Vec<&str> = text[inside.clone()]
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .filter(|part| part.rsplit(' ').next() != Some(name))
        .collect();
    let default = whole["import".len()..]
        .trim_start()
        .starts_with(|character: char| character != '{' && character != '*')
        && !whole.starts_with("import type {");
    if kept.is_empty() && !default {
        return remove(file, start, end, name);
    }
    let multiline = text[inside.clone()].contains('\n');
    let with =
        if multiline { format!("\n  {},\n", kept.join(",\n  ")) } else { format!(" {} ", kept.join(", ")) };
    replace(file, inside, &with, &format!("{name} is imported and not used."))
}

/// Removes whole lines with the line break after them.
fn remove(file: &SourceFile, start: usize, end: usize, name: &str) -> Repair {
    let end = if file.text[end..].starts_with('\n') { end + 1 } else { end };
    replace(file, start..end, "", &format!("{name} is not used."))
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn what_is_not_used_goes() {
        for (position, message, before, after) in [
            (
                "(1,10)",
                "'a' is declared but its value is never read.",
                "import { a, b } from \"./m\";\nb();\n",
                "import { b } from \"./m\";\nb();\n",
            ),
            (
                "(1,1)",
                "'a' is declared but its value is never read.",
                "import { a } from \"./m\";\nb();\n",
                "b();\n",
            ),
            (
                "(1,1)",
                "All imports in import declaration are unused.",
                "import { a, b } from \"./m\";\nc();\n",
                "c();\n",
            ),
            (
                "(2,9)",
                "'x' is declared but its value is never read.",
                "run();\n  const x = f(1, 2);\nrun2();\n",
                "run();\nrun2();\n",
            ),
            (
                "(1,19)",
                "'event' is declared but its value is never read.",
                "function onClick( event: Event) {\n}\n",
                "function onClick( _event: Event) {\n}\n",
            ),
        ] {
            let log = format!("src/a.ts{position}: error TS6133: {message}");
            assert_eq!(mend(&log, &[("src/a.ts", before)]), after);
        }
    }
}
