//! Errors of bundlers and of Node.js itself: imports that lead nowhere.

use std::sync::LazyLock;

use regex::Regex;

use super::problem::{Kind, Problem, tidy};

/// A build tool that the shell does not find: `sh: 1: tsc: not found`.
#[must_use]
pub fn missing_tool(line: &str) -> Option<Problem> {
    static PATTERN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"sh: (?:line )?(?:\d+: )?([\w@./-]+): (?:command )?not found").ok());
    PATTERN.as_ref()?.captures(line)?;
    let message = line.trim().to_owned();
    Some(Problem { file: String::new(), line: 0, column: 0, message, kind: Kind::NotInstalled })
}

/// The error on this line, which may be explained on the lines after it.
#[must_use]
pub fn read(lines: &[String], index: usize) -> Option<Problem> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            // Vite and Rollup name the importing file on the line; newer Rolldown says "in".
            r#"failed to resolve import "(?P<specifier>[^"]+)" from "(?P<file>[^"]+)""#,
            r#"Could not resolve ["'](?P<specifier>[^"']+)["'] (?:from|in) ["']?(?P<file>[^\s"':]+)"#,
            // esbuild: the position comes on a line of its own.
            r#"Could not resolve "(?P<specifier>[^"]+)""#,
            // esbuild again, for a file whose name differs in letter case only.
            r"\[ERROR\] Cannot read file: (?P<path>\S+)",
            // webpack and Next.js: the file comes before.
            r"Module not found:(?: Error:)? Can't resolve '(?P<specifier>[^']+)'",
            // Node.js.
            r"Cannot find (?:module|package) '(?P<specifier>[^'/.][^']*)' imported from (?P<file>\S+)",
            r"Error: Cannot find module '(?P<specifier>[^'/][^']*)'",
        ]
        .into_iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect()
    });
    static POSITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?P<file>[^\s:'\x22]+\.(?:[cm]?[jt]sx?|vue|svelte|astro|css|html))(?::(?P<line>\d+):(?P<column>\d+))?").ok()
    });
    let line = &lines[index];
    let parts = PATTERNS.iter().find_map(|pattern| pattern.captures(line))?;
    // A path in place of an import: which one it was, the importing line tells.
    let kind = parts
        .name("specifier")
        .map_or_else(|| Kind::UnresolvedImport(String::new()), |found| import(found.as_str()));
    let mut problem =
        Problem { file: String::new(), line: 0, column: 0, message: line.trim().to_owned(), kind };
    if let Some(file) = parts.name("file") {
        problem.file = tidy(file.as_str());
        return Some(problem);
    }
    let near = || lines[index + 1..].iter().take(4).chain(lines[..index].iter().rev().take(2));
    let places = || near().filter_map(|line| POSITION.as_ref()?.captures(line));
    if let Some(place) = places().find(|place| place.name("line").is_some()).or_else(|| places().next()) {
        problem.file = tidy(&place["file"]);
        let number = |name: &str| place.name(name).and_then(|text| text.as_str().parse().ok()).unwrap_or(0);
        (problem.line, problem.column) = (number("line"), number("column"));
    }
    Some(problem)
}

/// A relative import, or a package that has to be installed.
#[must_use]
pub fn import(specifier: &str) -> Kind {
    if specifier.starts_with('.') {
        return Kind::UnresolvedImport(specifier.to_owned());
    }
    if specifier.starts_with(['/', '@', '~', '#']) && !specifier.starts_with('@')
        || specifier.starts_with("@/")
        || specifier.is_empty()
    {
        return Kind::Other;
    }
    if specifier.starts_with("node:") || specifier == "node" {
        return Kind::MissingPackage("@types/node".to_owned());
    }
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    Kind::MissingPackage(specifier.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use crate::model::problem::{Kind, problems};

    #[test]
    fn unresolved_imports_of_each_tool() {
        let relative = Kind::UnresolvedImport("./Header".to_owned());
        for (log, file, line, kind) in [
            (
                "[vite]: Rollup failed to resolve import \"./Header\" from \"/vercel/path0/src/App.tsx\".",
                "src/App.tsx",
                0,
                relative.clone(),
            ),
            (
                "error during build:\nCould not resolve \"./Header\" from \"src/App.tsx\"",
                "src/App.tsx",
                0,
                relative.clone(),
            ),
            (
                "✘ [ERROR] Could not resolve \"./Header\"\n\n    src/main.ts:3:23:\n      3 │ import { header } from \"./Header\";",
                "src/main.ts",
                3,
                relative.clone(),
            ),
            (
                "./src/app/page.tsx:4:1\nModule not found: Can't resolve './Header'",
                "src/app/page.tsx",
                4,
                relative.clone(),
            ),
            (
                "src/a.ts(1,20): error TS2307: Cannot find module './Header' or its corresponding type declarations.",
                "src/a.ts",
                1,
                relative,
            ),
            (
                "[vite]: Rollup failed to resolve import \"@tanstack/react-query/x\" from \"src/App.tsx\".",
                "src/App.tsx",
                0,
                Kind::MissingPackage("@tanstack/react-query".to_owned()),
            ),
            (
                "Error: Cannot find module 'left-pad'\nRequire stack:\n- /vercel/path0/build.js",
                "build.js",
                0,
                Kind::MissingPackage("left-pad".to_owned()),
            ),
        ] {
            let found = problems(log);
            assert_eq!(found.len(), 1, "{log}: {found:?}");
            assert_eq!((found[0].file.as_str(), found[0].line, &found[0].kind), (file, line, &kind), "{log}");
        }
    }

    #[test]
    fn aliases_are_not_packages() {
        for specifier in ["@/components/x", "~/x", "/abs"] {
            assert_eq!(super::import(specifier), Kind::Other);
        }
    }
}
