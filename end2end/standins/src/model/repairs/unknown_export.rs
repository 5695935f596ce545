//! "Module './m' has no exported member 'x'": a slip is corrected; else the module's exports tell the
//! nearest name.

use super::{Next, Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{is_word, nearest, word_at};

/// The change for this error.
pub fn repair(
    problem: &Problem,
    name: &str,
    module: &str,
    suggestion: Option<&str>,
    evidence: &Evidence,
) -> Repair {
    let (file, at) = place(problem, evidence)?;
    if word_at(&file.text, at) != name {
        return Err(give_up("the name is not at this place any more"));
    }
    let right = match suggestion {
        Some(right) => right.to_owned(),
        None => {
            let stem = module.rsplit('/').next().unwrap_or(module).trim_end_matches(".js");
            let hits =
                evidence.search("export (const|let|function|class|interface|type|enum|async function) ")?;
            let exported = hits.iter().filter(|hit| {
                hit.path.rsplit('/').next().is_some_and(|base| base.split('.').next() == Some(stem))
            });
            let names = exported.filter_map(|hit| {
                hit.text.split(|character| !is_word(character)).filter(|word| !word.is_empty()).nth(2)
            });
            nearest(name, names)
                .map(str::to_owned)
                .ok_or_else(|| Next::GiveUp(format!("{module} exports nothing like {name}")))?
        }
    };
    // Every use goes by the same name, so the import keeps it.
    let why = format!("{module} exports {right}, not {name}.");
    let uses = file.text.split(|character| !is_word(character)).filter(|word| *word == name).count();
    let with = if uses > 1 { format!("{right} as {name}") } else { right };
    replace(file, at..at + name.len(), &with, &why)
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn the_exported_name_is_taken() {
        let files = [
            ("src/a.ts", "import { fromat } from \"./money\";\nfromat(1);\n"),
            ("src/money.ts", "export function format(cents: number): string {\n}\n"),
        ];
        let wanted = "import { format as fromat } from \"./money\";\nfromat(1);\n";
        for message in ["Did you mean 'format'?", ""] {
            let log = format!(
                "src/a.ts(1,10): error TS2724: '\"./money\"' has no exported member named 'fromat'. {message}"
            );
            assert_eq!(mend(&log, &files), wanted);
        }
    }
}
