//! What the tools have told so far: files read (with the edits made since), listings, searches.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::conversation::{Call, Conversation, Turn};
use super::prompt;
use super::repairs::Next;
use super::source::SourceFile;

/// Lines that one `read` asks for.
const READ_LINES: usize = 2000;

/// A line that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The file.
    pub path: String,
    /// The line's text.
    pub text: String,
}

/// Everything learnt, by the call that told it.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    files: BTreeMap<String, Option<SourceFile>>,
    answers: Vec<(Call, String)>,
    root: String,
    /// The folder of the repository in which the project is built, if it is not the root.
    pub folder: Option<String>,
    /// The project's install command, if the prompt names it.
    pub install: Option<String>,
}

impl Evidence {
    /// Collects it from a conversation.
    #[must_use]
    pub fn of(conversation: &Conversation) -> Evidence {
        let mut evidence = Evidence {
            folder: prompt::folder(&conversation.prompt),
            install: prompt::install_command(&conversation.prompt),
            ..Evidence::default()
        };
        for turn in &conversation.turns {
            evidence.add(turn);
        }
        evidence
    }

    fn add(&mut self, turn: &Turn) {
        match turn.call.tool.as_str() {
            "read" => self.add_file(turn),
            "edit" if edited(turn) => {
                let (old, new) = (turn.call.text("oldString"), turn.call.text("newString"));
                if let Some(Some(file)) = self.files.get_mut(turn.call.text("filePath")) {
                    file.text = file.text.replacen(old, new, 1);
                }
            }
            _ => self.answers.push((turn.call.clone(), turn.result.clone())),
        }
    }

    fn add_file(&mut self, turn: &Turn) {
        let path = turn.call.text("filePath").to_owned();
        let read = file_of(&path, &turn.result);
        if let Some(absolute) = between(&turn.result, "<path>", "</path>")
            && let Some(folder) = absolute.strip_suffix(path.as_str())
        {
            folder.clone_into(&mut self.root);
        }
        self.files.insert(path, read);
    }

    /// The file, or the call that reads it: first at the path of the log, then wherever the project
    /// has a file of that name, since logs name paths relative to the folder that was built.
    pub fn file(&self, path: &str, line: usize) -> Result<&SourceFile, Next> {
        match self.files.get(path) {
            None => Err(read(path, line)),
            Some(Some(file)) => Ok(file),
            Some(None) => {
                let found = self.files_like(&format!("**/{path}"))?;
                let inside =
                    |path: &str| self.folder.as_ref().is_some_and(|folder| path.starts_with(folder.as_str()));
                let nearest = found.iter().min_by_key(|found| (!inside(found), found.len()));
                let nearest = nearest.ok_or_else(|| Next::GiveUp(format!("{path} does not exist")))?;
                match self.files.get(nearest.as_str()) {
                    None => Err(read(nearest, line)),
                    Some(Some(file)) => Ok(file),
                    Some(None) => Err(Next::GiveUp(format!("{path} cannot be read"))),
                }
            }
        }
    }

    /// A path of the built folder as a path of the repository.
    #[must_use]
    pub fn in_folder(&self, path: &str) -> String {
        self.folder.as_ref().map_or_else(|| path.to_owned(), |folder| format!("{folder}/{path}"))
    }

    /// Paths that a glob pattern matches, relative to the project. Falls back to `find` where the
    /// agent's own search does not work.
    pub fn files_like(&self, pattern: &str) -> Result<Vec<String>, Next> {
        let glob = Call { tool: "glob".to_owned(), arguments: json!({"pattern": pattern}) };
        match self.answer(&glob) {
            None => Err(Next::Look(glob)),
            Some(answer) if failed(answer) => {
                let command = "find . -name node_modules -prune -o -name .git -prune -o -type f -print";
                let find = Call {
                    tool: "bash".to_owned(),
                    arguments: json!({"command": command, "description": "List files"}),
                };
                let answer = self.answer(&find).ok_or(Next::Look(find))?;
                let wanted = glob_pattern(pattern);
                let fits = |path: &String| wanted.as_ref().is_some_and(|wanted| wanted.is_match(path));
                Ok(self.paths(answer).into_iter().filter(fits).collect())
            }
            Some(answer) => Ok(self.paths(answer)),
        }
    }

    /// Lines of source files that match a regular expression (one that both ripgrep and `grep -E`
    /// understand).
    pub fn search(&self, pattern: &str) -> Result<Vec<Hit>, Next> {
        let include = "*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,vue,svelte}";
        let grep =
            Call { tool: "grep".to_owned(), arguments: json!({"pattern": pattern, "include": include}) };
        match self.answer(&grep) {
            None => Err(Next::Look(grep)),
            Some(answer) if failed(answer) => {
                let command = format!(
                    "grep -rnE --exclude-dir=node_modules --exclude-dir=.git --include='*.[cm]ts' --include='*.ts' --include='*.tsx' --include='*.js' --include='*.jsx' --include='*.vue' -- '{pattern}' ."
                );
                let bash = Call {
                    tool: "bash".to_owned(),
                    arguments: json!({"command": command, "description": "Search the source"}),
                };
                let answer = self.answer(&bash).ok_or(Next::Look(bash))?;
                Ok(self.plain_hits(answer))
            }
            Some(answer) => Ok(self.hits(answer)),
        }
    }

    fn answer(&self, wanted: &Call) -> Option<&str> {
        let found = self.answers.iter().rev().find(|(call, _)| {
            call.tool == wanted.tool
                && ["pattern", "command"].into_iter().all(|name| call.text(name) == wanted.text(name))
        });
        found.map(|(_, answer)| answer.as_str())
    }

    fn relative(&self, path: &str) -> String {
        let path = if self.root.is_empty() { path } else { path.strip_prefix(&self.root).unwrap_or(path) };
        path.trim_start_matches("./").to_owned()
    }

    fn paths(&self, answer: &str) -> Vec<String> {
        let lines =
            answer.lines().map(str::trim).filter(|line| line.contains(['/', '.']) && !line.contains(' '));
        lines.map(|line| self.relative(line)).filter(|path| !path.contains("node_modules/")).collect()
    }

    /// `/path/file.ts:` and then `  Line 3: text`.
    fn hits(&self, answer: &str) -> Vec<Hit> {
        let mut path = String::new();
        let mut hits = Vec::new();
        for line in answer.lines() {
            if let Some((_, text)) = line.strip_prefix("  Line ").and_then(|rest| rest.split_once(": ")) {
                hits.push(Hit { path: path.clone(), text: text.to_owned() });
            } else if let Some(name) = line.strip_suffix(':') {
                path = self.relative(name);
            }
        }
        hits
    }

    /// `./file.ts:3:text`.
    fn plain_hits(&self, answer: &str) -> Vec<Hit> {
        let hit = |line: &str| {
            let mut parts = line.splitn(3, ':');
            let (path, _, text) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
            Some(Hit { path: self.relative(path), text: text.to_owned() })
        };
        answer.lines().filter_map(hit).collect()
    }
}

/// The call that reads a file from its start, or around the line if that is far down.
fn read(path: &str, line: usize) -> Next {
    let arguments = if line > READ_LINES {
        json!({"filePath": path, "offset": line - 200, "limit": READ_LINES})
    } else {
        json!({"filePath": path})
    };
    Next::Look(Call { tool: "read".to_owned(), arguments })
}

/// Whether an `edit` took.
#[must_use]
pub fn edited(turn: &Turn) -> bool {
    turn.result.starts_with("Edit applied")
}

/// `**/`, `*` and `{a,b}` as a regular expression.
fn glob_pattern(glob: &str) -> Option<Regex> {
    let pattern = regex::escape(glob)
        .replace(r"\*\*/", "(?:.*/)?")
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*")
        .replace(r"\{", "(?:")
        .replace(r"\}", ")")
        .replace(',', "|");
    Regex::new(&format!("^{pattern}$")).ok()
}

fn failed(answer: &str) -> bool {
    answer.contains("ripgrep execution failed") || answer.contains("ripgrep failed")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// The `read` tool's answer as a file: numbered lines between `<content>` and `</content>`.
fn file_of(path: &str, answer: &str) -> Option<SourceFile> {
    static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(\d+): ?(.*)$").ok());
    if between(answer, "<type>", "</type>") != Some("file") {
        return None;
    }
    let (_, content) = answer.split_once("<content>")?;
    let mut lines: Vec<&str> = Vec::new();
    let mut first_line = None;
    for line in content.lines() {
        let Some(parts) = NUMBERED.as_ref()?.captures(line) else { continue };
        first_line.get_or_insert(parts.get(1)?.as_str().parse::<usize>().ok()?);
        lines.push(parts.get(2)?.as_str());
    }
    Some(SourceFile { path: path.to_owned(), text: lines.join("\n"), first_line: first_line? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Evidence, Hit};
    use crate::model::conversation::{Call, Conversation, Turn};

    fn turn(tool: &str, arguments: serde_json::Value, result: &str) -> Turn {
        Turn {
            call: Call { tool: tool.to_owned(), arguments },
            result: result.to_owned(),
            say: String::new(),
        }
    }

    #[test]
    fn files_are_read_and_follow_the_edits() {
        let read = "<path>/work/p/src/a.ts</path>\n<type>file</type>\n<content>\n1: export const a: number = \"5\";\n2: \n3: export default a;\n\n(End of file - total 3 lines)\n</content>";
        let conversation = Conversation {
            turns: vec![
                turn("read", json!({"filePath": "src/a.ts"}), read),
                turn(
                    "edit",
                    json!({"filePath": "src/a.ts", "oldString": "\"5\"", "newString": "5"}),
                    "Edit applied successfully.",
                ),
                turn(
                    "edit",
                    json!({"filePath": "src/a.ts", "oldString": "zzz", "newString": "5"}),
                    "Could not find oldString",
                ),
            ],
            ..Conversation::default()
        };
        let evidence = Evidence::of(&conversation);
        let file = evidence.file("src/a.ts", 1).map(|file| file.text.clone()).ok();
        assert_eq!(file.as_deref(), Some("export const a: number = 5;\n\nexport default a;"));
        assert!(evidence.file("src/b.ts", 1).is_err());
    }

    #[test]
    fn globs_choose_paths() {
        for (glob, path, fits) in [
            ("**/cart.ts", "src/cart.ts", true),
            ("**/cart.ts", "cart.ts", true),
            ("src/*", "src/a/b.ts", false),
            ("src/**/*", "src/a/b.ts", true),
            ("**/*.{test,spec}.*", "test/x.spec.ts", true),
            ("**/*.{test,spec}.*", "src/contest.ts", false),
        ] {
            assert_eq!(
                super::glob_pattern(glob).map(|glob| glob.is_match(path)),
                Some(fits),
                "{glob} {path}"
            );
        }
    }

    #[test]
    fn searches_work_with_and_without_ripgrep() {
        let read = "<path>/work/p/a.ts</path>\n<type>file</type>\n<content>\n1: x\n</content>";
        let pattern = json!({"pattern": "interface Item\\b"});
        let ripgrep = "Found 1 matches\n/work/p/src/item.ts:\n  Line 1: export interface Item {\n";
        let wanted = vec![Hit { path: "src/item.ts".to_owned(), text: "export interface Item {".to_owned() }];
        let with = Conversation {
            turns: vec![
                turn("read", json!({"filePath": "a.ts"}), read),
                turn("grep", pattern.clone(), ripgrep),
            ],
            ..Conversation::default()
        };
        assert_eq!(Evidence::of(&with).search("interface Item\\b").ok(), Some(wanted.clone()));

        let mut without = Conversation {
            turns: vec![turn("grep", pattern, "ripgrep execution failed")],
            ..Conversation::default()
        };
        let Err(crate::model::repairs::Next::Look(call)) = Evidence::of(&without).search("interface Item\\b")
        else {
            panic!("a second way of searching is tried");
        };
        assert_eq!(call.tool, "bash");
        without.turns.push(Turn {
            call,
            result: "./src/item.ts:1:export interface Item {\n".to_owned(),
            say: String::new(),
        });
        assert_eq!(Evidence::of(&without).search("interface Item\\b").ok(), Some(wanted));
    }
}
