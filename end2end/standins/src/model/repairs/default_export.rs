//! An import with braces where it needs none, or without where it needs them.

use super::{Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::word_at;

/// `import { x }` in place of `import x`.
pub fn make_named(problem: &Problem, name: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let local = word_at(&file.text, at);
    let with = if local == name { format!("{{ {name} }}") } else { format!("{{ {name} as {local} }}") };
    replace(file, at..at + local.len(), &with, &format!("The module exports {name} by name."))
}

/// `import x` in place of `import { x }`.
pub fn make_default(problem: &Problem, name: &str, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    let (before, after) = (&file.text[..at], &file.text[at..]);
    let open = before.rfind('{').filter(|open| before[open + 1..].trim().is_empty());
    let close = after.find('}').filter(|close| after[..*close].trim().trim_end_matches(',') == name);
    let (open, close) = open.zip(close).ok_or_else(|| give_up("it is imported together with others"))?;
    replace(file, open..at + close + 1, name, &format!("The module exports {name} as its default."))
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn braces_come_and_go() {
        for (column, message, before, after) in [
            (
                8,
                "has no default export. Did you mean to use 'import { nanoid } from \"x\"' instead?",
                "import id from \"nanoid\";\n",
                "import { nanoid as id } from \"nanoid\";\n",
            ),
            (
                8,
                "has no default export. Did you mean to use 'import { nanoid } from \"x\"' instead?",
                "import nanoid from \"nanoid\";\n",
                "import { nanoid } from \"nanoid\";\n",
            ),
            (
                10,
                "has no exported member 'Card'. Did you mean to use 'import Card from \"./card\"' instead?",
                "import { Card } from \"./card\";\n",
                "import Card from \"./card\";\n",
            ),
        ] {
            let log = format!("src/a.ts(1,{column}): error TS2614: Module '\"./card\"' {message}");
            assert_eq!(mend(&log, &[("src/a.ts", before)]), after);
        }
    }
}
