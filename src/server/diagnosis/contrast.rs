//! Two logs of the same commit, one red and one green → what they themselves say is different.

use crate::model::{Finding, Verdict};
use regex::Regex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

/// At most this many differences: more are noise.
const LIMIT: usize = 5;

/// A tool with its version, as tools print themselves: `pnpm 9.1.0`, `▲ Next.js 15.1.0`, `vite v6.0.1`, `npm@10.8.2`.
static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let tools =
        r"npm|pnpm|yarn|bun|next(?:\.js)?|vite|astro|nuxt|wrangler|tsc|typescript|python|ruby|go|hugo|deno";
    Regex::new(&format!(
        r"(?i)(?:^|[\s(\[])({tools})(?:@|/| version:? | version is | )v?(\d{{1,4}}(?:\.\d+){{1,2}})(?:[\s,;)\]]|$)"
    ))
    .ok()
});

/// A variable's name as people write them: capitals with an underscore.
static VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b").ok());

/// A path, with or without an ending.
static PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:[\w@.-]+/)+[\w@.-]*\w|[\w-]+\.[A-Za-z]{1,6}\b").ok());

/// Something that the red log says otherwise than the green one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A tool's version.
    Version {
        /// The tool, in small letters.
        tool: String,
        /// In the red log.
        here: String,
        /// In the green log.
        there: String,
    },
    /// A variable that only the red build lacks.
    Variable {
        /// Its name.
        name: String,
    },
    /// A path that differs in the case of its letters.
    LetterCase {
        /// In the red log's error.
        here: String,
        /// In the green log.
        there: String,
    },
}

/// What is different, the likeliest cause first. Both logs are plain text, without colours.
pub fn contrast(finding: &Finding, red: &[String], green: &[String]) -> Vec<Difference> {
    let mut found = missing_variables(finding, green);
    found.extend(letter_case(finding, green));
    found.extend(versions(red, green));
    found.truncate(LIMIT);
    found
}

/// The variables that the error is about, unless the green log complains in the same words.
fn missing_variables(finding: &Finding, green: &[String]) -> Vec<Difference> {
    let complains = |line: &String| !finding.root_line.is_empty() && line.contains(&finding.root_line);
    let Some(pattern) = VARIABLE.as_ref() else { return Vec::new() };
    if finding.verdict != Verdict::Config || green.iter().any(complains) {
        return Vec::new();
    }
    let mut names: Vec<&str> = Vec::new();
    for found in pattern.find_iter(&finding.root_line) {
        // Codes of Node.js look like names of variables.
        if !found.as_str().starts_with("ERR_") && !names.contains(&found.as_str()) {
            names.push(found.as_str());
        }
    }
    names.into_iter().map(|name| Difference::Variable { name: name.to_owned() }).collect()
}

/// Paths of the error that the green log writes with other letters.
fn letter_case(finding: &Finding, green: &[String]) -> Vec<Difference> {
    let Some(pattern) = PATH.as_ref() else { return Vec::new() };
    let bare = |path: &str| path.trim_start_matches("./").to_owned();
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    let texts = [finding.root_line.as_str(), finding.message.as_str()];
    let texts = texts.into_iter().chain(finding.affected_files.iter().map(String::as_str));
    for path in texts.flat_map(|text| pattern.find_iter(text)) {
        let path = bare(path.as_str());
        wanted.entry(path.to_lowercase()).or_insert(path);
    }
    // A path that is also written the same way there is no difference.
    let mut others: BTreeMap<String, Option<String>> = BTreeMap::new();
    for path in green.iter().flat_map(|line| pattern.find_iter(line)) {
        let path = bare(path.as_str());
        let Some(here) = wanted.get(&path.to_lowercase()) else { continue };
        let other = others.entry(here.clone()).or_insert_with(|| Some(path.clone()));
        if path == *here {
            *other = None;
        }
    }
    let found = others.into_iter().filter_map(|(here, there)| Some((here, there?)));
    found.map(|(here, there)| Difference::LetterCase { here, there }).collect()
}

/// Tools that both logs name, in different versions.
fn versions(red: &[String], green: &[String]) -> Vec<Difference> {
    let (here, there) = (named_versions(red), named_versions(green));
    let mut found: Vec<Difference> = here
        .into_iter()
        .filter_map(|(tool, here)| {
            let there = there.get(&tool)?;
            // One of the two may be cut: `15.1` and `15.1.0` are the same.
            let same = here.starts_with(there.as_str()) || there.starts_with(&here);
            (!same).then(|| Difference::Version { tool, here, there: there.clone() })
        })
        .collect();
    found.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    found
}

/// Each tool with the first version that a line gives it.
fn named_versions(lines: &[String]) -> HashMap<String, String> {
    let mut versions = HashMap::new();
    let Some(pattern) = VERSION.as_ref() else { return versions };
    // npm advertises newer versions of itself.
    for line in lines.iter().filter(|line| !line.contains("notice")) {
        for found in pattern.captures_iter(line) {
            let tool = found[1].to_lowercase().trim_end_matches(".js").to_owned();
            versions.entry(tool).or_insert_with(|| found[2].to_owned());
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::diagnosis::{Hints, diagnose};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn compared(red: &str, green: &str) -> Vec<Difference> {
        let (red, green) = (lines(red), lines(green));
        contrast(&diagnose(&red, &Hints::default()), &red, &green)
    }

    #[test]
    fn versions_that_both_logs_name_are_compared() {
        let red = "▲ Next.js 14.2.3\nUsing pnpm version 9.1.0\nvite v6.0.1 building for production...\n\
                   src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.";
        let green = "▲ Next.js 15.1.0\npnpm 9.1\nnpm notice New version npm@11.0.0\nastro v5.0.0";
        let version = |tool: &str, here: &str, there: &str| Difference::Version {
            tool: tool.into(),
            here: here.into(),
            there: there.into(),
        };
        assert_eq!(compared(red, green), [version("next", "14.2.3", "15.1.0")]);
        assert_eq!(compared("npm 10.8.2\nerror", "npm notice npm@11.0.0 is there"), []);
    }

    #[test]
    fn a_variable_that_only_the_red_build_lacks_is_named() {
        let red = "Error: Missing required environment variable: API_URL\n    at config (/app/config.js:3:9)";
        assert_eq!(compared(red, "Compiled successfully"), [Difference::Variable { name: "API_URL".into() }]);
        assert_eq!(compared(red, "warn Error: Missing required environment variable: API_URL"), []);
        let code = "src/a.ts(1,7): error TS2304: Cannot find name 'MAX_SIZE'.";
        assert_eq!(compared(code, "Compiled successfully"), [], "code is the same everywhere");
    }

    #[test]
    fn a_path_in_other_letters_is_shown_both_ways() {
        let red = "src/app.tsx(3,20): error TS2307: Cannot find module './components/button.tsx' or its \
                   corresponding type declarations.";
        let expected = Difference::LetterCase {
            here: "components/button.tsx".into(),
            there: "components/Button.tsx".into(),
        };
        assert_eq!(compared(red, "transformed ./components/Button.tsx"), [expected]);
        let both = "transformed ./components/Button.tsx\ntransformed ./components/button.tsx";
        assert_eq!(compared(red, both), []);
    }

    proptest::proptest! {
        #[test]
        fn the_same_log_is_never_different(text in "(?s)[ -~\n]{0,400}") {
            let same = lines(&text);
            let finding = diagnose(&same, &Hints::default());
            let versions_only = contrast(&finding, &same, &same);
            let version = |it: &Difference| matches!(it, Difference::Version { .. });
            proptest::prop_assert!(!versions_only.iter().any(version));
        }
    }
}
