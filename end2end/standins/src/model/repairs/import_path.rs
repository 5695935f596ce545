//! A relative import that leads nowhere: the project's files tell which one was meant, by letter
//! case, ending or a slip.

use super::{Next, Repair, give_up, replace};
use crate::model::evidence::Evidence;
use crate::model::problem::Problem;
use crate::model::source::{SourceFile, distance};

/// Endings that an import may leave out.
const ENDINGS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mts", "mjs", "cjs", "d.ts"];

/// The change for this error.
pub fn repair(problem: &Problem, specifier: &str, evidence: &Evidence) -> Repair {
    let importer = importer(problem, specifier, evidence)?;
    let file = evidence.file(&importer, problem.line)?;
    let specifier = if specifier.is_empty() { imported_on(file, problem.line)? } else { specifier };
    let wanted = resolve(&file.path, specifier);
    let top = wanted.split('/').next().filter(|_| wanted.contains('/'));
    let pattern = top
        .map_or_else(|| "*".to_owned(), |_| format!("{}/**/*", file.path.split('/').next().unwrap_or("src")));
    let files = evidence.files_like(&pattern)?;
    let right = meant(&wanted, &files).ok_or_else(|| Next::GiveUp(format!("no file is like {specifier}")))?;
    let corrected = relative(&file.path, &written(&right, specifier));
    let quoted = ["\"", "'"].into_iter().find_map(|quote| {
        let text = format!("{quote}{specifier}{quote}");
        file.text.find(&text).map(|at| at + 1..at + 1 + specifier.len())
    });
    let range = quoted.ok_or_else(|| give_up("the import is not in this file any more"))?;
    replace(
        file,
        range,
        &corrected,
        &format!("The file is {right}; names are case-sensitive where it is built."),
    )
}

/// What the import on a line asks for.
fn imported_on(file: &SourceFile, line: usize) -> Result<&str, Next> {
    let at = file.offset(line, 1).ok_or_else(|| give_up("the file has no such line"))?;
    let mut parts = file.text[file.lines_of(&(at..at))].split(['"', '\'']);
    parts.nth(1).filter(|text| text.starts_with('.')).ok_or_else(|| give_up("this line imports no file"))
}

/// The file with the import: named by the log, or found by the import's text.
fn importer(problem: &Problem, specifier: &str, evidence: &Evidence) -> Result<String, Next> {
    if !problem.file.is_empty() {
        return Ok(problem.file.clone());
    }
    let hits = evidence.search(&regex::escape(specifier))?;
    let hit = hits
        .iter()
        .find(|hit| hit.text.contains("import") || hit.text.contains("from") || hit.text.contains("require"));
    hit.map(|hit| hit.path.clone()).ok_or_else(|| give_up("no file has this import"))
}

/// The path that a relative import asks for.
fn resolve(importer: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The file that was meant.
fn meant(wanted: &str, files: &[String]) -> Option<String> {
    let stem = |path: &str| without_ending(path).trim_end_matches("/index").to_owned();
    let target = stem(wanted).to_lowercase();
    let candidates = || files.iter().filter(|path| !path.contains("node_modules/"));
    let same = candidates()
        .filter(|path| path.to_lowercase() == wanted.to_lowercase())
        .chain(candidates().filter(|path| stem(path).to_lowercase() == target));
    if let Some(found) = { same }.next() {
        return Some(found.clone());
    }
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_lowercase());
    let most = (base(&target).chars().count() / 3).max(1);
    let near = candidates()
        .filter(|path| folder(path) == folder(wanted))
        .map(|path| (distance(base(&stem(path)), base(&stem(wanted))), path));
    near.filter(|(far, _)| *far <= most).min().map(|(_, path)| path.clone())
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn without_ending(path: &str) -> &str {
    let ending = |ending: &&str| path.strip_suffix(*ending).is_some_and(|rest| rest.ends_with('.'));
    ENDINGS.iter().rev().find(|end| ending(end)).map_or(path, |end| &path[..path.len() - end.len() - 1])
}

/// The file's path in the way the import writes endings.
fn written(path: &str, specifier: &str) -> String {
    let wrote = without_ending(specifier).len() < specifier.len();
    let known = without_ending(path).len() < path.len();
    if !known {
        return path.to_owned();
    }
    let stem = without_ending(path);
    if wrote {
        let js = specifier.rsplit('.').next().unwrap_or("js");
        return format!("{stem}.{js}");
    }
    if specifier.ends_with("/index") { stem.to_owned() } else { stem.trim_end_matches("/index").to_owned() }
}

fn relative(from: &str, to: &str) -> String {
    let folder: Vec<&str> =
        from.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default();
    let to: Vec<&str> = to.split('/').collect();
    let shared = folder.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = if shared == folder.len() { "./".to_owned() } else { "../".repeat(folder.len() - shared) };
    format!("{up}{}", to[shared..].join("/"))
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn the_file_that_is_there_is_imported() {
        for (specifier, there, importer, wanted) in [
            ("./Header", "src/header.ts", "src/main.ts", "./header"),
            ("./components/header", "src/components/Header.tsx", "src/App.tsx", "./components/Header"),
            ("./Components/Header", "src/components/Header.tsx", "src/App.tsx", "./components/Header"),
            ("../lib/Money.js", "src/lib/money.ts", "src/app/a.ts", "../lib/money.js"),
            ("./Utils", "src/utils/index.ts", "src/main.ts", "./utils"),
            ("./App.CSS", "src/app.css", "src/main.ts", "./app.css"),
            ("./helpres", "src/helpers.ts", "src/main.ts", "./helpers"),
        ] {
            let before = format!("import x from \"{specifier}\";\n");
            let log = format!("error during build:\nCould not resolve \"{specifier}\" from \"{importer}\"");
            let mended =
                mend(&log, &[(importer, before.as_str()), (there, "\n"), ("src/other/thing.ts", "\n")]);
            assert_eq!(mended, format!("import x from \"{wanted}\";\n"), "{specifier}");
        }
    }

    #[test]
    fn the_import_is_found_from_its_line() {
        let log = "✘ [ERROR] Cannot read file: /r/src/Header.ts\n\n    src/main.ts:2:23:\n      2 │ import { h } from \"./Header\";";
        let files = [
            ("src/main.ts", "import x from \"./x\";\nimport { h } from \"./Header\";\n"),
            ("src/header.ts", "\n"),
        ];
        assert_eq!(mend(log, &files), "import x from \"./x\";\nimport { h } from \"./header\";\n");
    }

    #[test]
    fn an_import_of_nothing_is_left() {
        let log = "Could not resolve \"./generated\" from \"src/main.ts\"";
        assert!(
            mend(log, &[("src/main.ts", "import \"./generated\";\n"), ("src/a.ts", "\n")])
                .starts_with("gave up")
        );
    }
}
