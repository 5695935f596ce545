//! "Cannot find name 'x'": a slip is corrected; a name that another file exports is imported.

use super::{Next, Repair, give_up, place, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{SourceFile, is_word, nearest, word_at};

/// The change for this error.
pub fn repair(problem: &Problem, name: &str, suggestion: Option<&str>, evidence: &Evidence) -> Repair {
    let (file, at) = place(problem, evidence)?;
    if word_at(&file.text, at) != name {
        return Err(give_up("the name is not at this place any more"));
    }
    let range = at..at + name.len();
    if let Some(right) = suggestion {
        return replace(file, range, right, &format!("{name} is a slip for {right}."));
    }
    if let Some(line) = import_of(file, name, evidence)? {
        let end = file.text.find(['\n']).map_or(file.text.len(), |_| last_import_end(&file.text));
        let (with, why) = (
            if end == 0 { format!("{line}\n") } else { format!("\n{line}") },
            format!("{name} was used without its import."),
        );
        return replace(file, end..end, &with, &why);
    }
    let words = file.text.split(|character| !is_word(character)).filter(|word| word.len() > 2);
    let right =
        nearest(name, words).ok_or_else(|| Next::GiveUp(format!("I do not know what {name} was to be")))?;
    replace(file, range, right, &format!("{name} is a slip for {right}."))
}

/// The import line for a name that exactly one other file exports.
fn import_of(file: &SourceFile, name: &str, evidence: &Evidence) -> Result<Option<String>, Next> {
    let pattern = format!(
        "export (declare |async |abstract )*(const|let|function|class|interface|type|enum) {name}( |<|=|:|[(])"
    );
    let hits = evidence.search(&pattern)?;
    let mut others: Vec<_> = hits.iter().filter(|hit| hit.path != file.path).collect();
    others.dedup_by(|a, b| a.path == b.path);
    let [hit] = others.as_slice() else { return Ok(None) };
    let extension = if file.text.contains(".js\";") || file.text.contains(".js';") { ".js" } else { "" };
    let only_type = hit.text.contains("interface ") || hit.text.contains("type ");
    let keyword = if only_type { "import type" } else { "import" };
    Ok(Some(format!("{keyword} {{ {name} }} from \"{}{extension}\";", relative(&file.path, &hit.path))))
}

/// Path of `to` as an import in `from`, without its ending.
fn relative(from: &str, to: &str) -> String {
    let to = to.rsplit_once('.').map_or(to, |(stem, _)| stem);
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folder = &from[..from.len().saturating_sub(1)];
    let shared = folder.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = if shared == folder.len() { "./".to_owned() } else { "../".repeat(folder.len() - shared) };
    format!("{up}{}", to[shared..].join("/"))
}

/// End of the last import's line; 0 without imports.
fn last_import_end(text: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let is_import = line.starts_with("import ") || line.starts_with("} from ");
        if is_import && line.contains(['"', '\'']) {
            end = at - usize::from(line.ends_with('\n'));
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn slips_are_corrected() {
        let log = "src/a.ts(2,9): error TS2552: Cannot find name 'totl'. Did you mean 'total'?";
        assert_eq!(
            mend(log, &[("src/a.ts", "const total = 1;\nexport( totl );\n")]),
            "const total = 1;\nexport( total );\n"
        );
        let log = "src/a.ts(2,1): error TS2304: Cannot find name 'discuont'.";
        assert_eq!(
            mend(log, &[("src/a.ts", "let discount = 1;\ndiscuont = 2;\n")]),
            "let discount = 1;\ndiscount = 2;\n"
        );
    }

    #[test]
    fn a_missing_import_is_added() {
        let log = "src/app/a.ts(3,1): error TS2304: Cannot find name 'formatMoney'.";
        let files = [
            ("src/app/a.ts", "import { x } from \"./x\";\n\nformatMoney(x);\n"),
            ("src/lib/money.ts", "export function formatMoney(cents: number): string {\n"),
        ];
        let wanted =
            "import { x } from \"./x\";\nimport { formatMoney } from \"../lib/money\";\n\nformatMoney(x);\n";
        assert_eq!(mend(log, &files), wanted);
    }

    #[test]
    fn a_name_that_has_moved_is_left() {
        let log = "src/a.ts(1,1): error TS2552: Cannot find name 'totl'. Did you mean 'total'?";
        assert!(mend(log, &[("src/a.ts", "total;\n")]).starts_with("gave up"));
    }
}
