//! One file per kind of error: each turns the error and what was read so far into one change, or says
//! what it has to look at first. Nothing in here knows any project.

mod argument;
mod convert;
mod declaration;
mod default_export;
mod implicit_any;
mod import_path;
mod missing_package;
mod missing_properties;
mod not_assignable;
mod nullish;
mod unknown_export;
mod unknown_name;
mod unknown_property;
mod unused;
mod value;

use std::ops::Range;

use super::conversation::Call;
use super::evidence::Evidence;
use super::problem::{Kind, Problem};
use super::source::SourceFile;

/// One change to the project.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Replaces text in a file.
    Edit {
        /// Path as it was read.
        path: String,
        /// Text that is in the file exactly once.
        old: String,
        /// Text in its place.
        new: String,
        /// Why, in a sentence.
        why: String,
    },
    /// Runs a command that changes the project.
    Run {
        /// Shell command.
        command: String,
        /// Why, in a sentence.
        why: String,
    },
}

/// Why there is no change (yet).
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This has to be looked at first.
    Look(Call),
    /// Not an error that can be repaired like this; the reason.
    GiveUp(String),
}

/// A repair's answer.
pub type Repair = Result<Change, Next>;

/// The change that repairs a problem.
pub fn repair(problem: &Problem, evidence: &Evidence) -> Repair {
    match &problem.kind {
        Kind::NotAssignable { from, to } => not_assignable::repair(problem, from, to, evidence),
        Kind::WrongArgument { from, to } => argument::repair(problem, from, to, evidence),
        Kind::UnknownName { name, suggestion } => {
            unknown_name::repair(problem, name, suggestion.as_deref(), evidence)
        }
        Kind::UnknownProperty { name, on, suggestion } => {
            unknown_property::repair(problem, name, on, suggestion.as_deref(), evidence)
        }
        Kind::MissingProperties { names, on } => missing_properties::repair(problem, names, on, evidence),
        Kind::Nullish(name) => nullish::repair(problem, name.as_deref(), evidence),
        Kind::Unused(name) => unused::repair(problem, name.as_deref(), evidence),
        Kind::ImplicitAny(name) => implicit_any::repair(problem, name, evidence),
        Kind::UnknownExport { name, module, suggestion } => {
            unknown_export::repair(problem, name, module, suggestion.as_deref(), evidence)
        }
        Kind::NoDefaultExport(name) => default_export::make_named(problem, name, evidence),
        Kind::OnlyDefaultExport(name) => default_export::make_default(problem, name, evidence),
        Kind::UnresolvedImport(specifier) => import_path::repair(problem, specifier, evidence),
        Kind::MissingPackage(name) => missing_package::repair(name, evidence),
        Kind::NotInstalled => missing_package::install(evidence),
        Kind::Other => Err(give_up("this kind of error is new to me")),
    }
}

/// Gives up for a reason.
fn give_up(reason: &str) -> Next {
    Next::GiveUp(reason.to_owned())
}

/// The file of a problem and the offset of its position.
fn place<'a>(problem: &Problem, evidence: &'a Evidence) -> Result<(&'a SourceFile, usize), Next> {
    if problem.file.is_empty() {
        return Err(give_up("the log names no file"));
    }
    let file = evidence.file(&problem.file, problem.line)?;
    let at = file.offset(problem.line, problem.column).ok_or_else(|| give_up("the file has no such line"))?;
    Ok((file, at))
}

/// Replaces a range of a file, as an edit of whole lines that occur only once in it.
fn replace(file: &SourceFile, range: Range<usize>, with: &str, why: &str) -> Repair {
    let mut lines = file.lines_of(&range);
    let unique = |lines: &Range<usize>| {
        let old = &file.text[lines.clone()];
        !old.trim().is_empty() && file.text.matches(old).count() == 1
    };
    while !unique(&lines) && lines != (0..file.text.len()) {
        let start = lines.start.saturating_sub(1);
        let end = (lines.end + 1).min(file.text.len());
        lines = file.lines_of(&(start..end));
    }
    let old = file.text[lines.clone()].to_owned();
    let new = format!("{}{with}{}", &file.text[lines.start..range.start], &file.text[range.end..lines.end]);
    if old == new {
        return Err(give_up("the file is already as it should be"));
    }
    Ok(Change::Edit { path: file.path.clone(), old, new, why: why.to_owned() })
}

#[cfg(test)]
mod testing {
    //! Repairs on what OpenCode's tools really answer.

    use serde_json::json;

    use super::{Change, Next, repair};
    use crate::model::conversation::{Call, Conversation, Turn};
    use crate::model::evidence::Evidence;
    use crate::model::problem::problems;

    /// Answers the repair's questions from `files` until it makes a change; returns the changed
    /// file's text, the command, or the reason to give up.
    pub fn mend(log: &str, files: &[(&str, &str)]) -> String {
        let problem = problems(log).into_iter().next().unwrap_or_else(|| panic!("no problem in {log}"));
        let mut conversation = Conversation::default();
        for _ in 0..12 {
            match repair(&problem, &Evidence::of(&conversation)) {
                Err(Next::Look(call)) => {
                    let result = answer(&call, files);
                    conversation.turns.push(Turn { call, result, say: String::new() });
                }
                Err(Next::GiveUp(reason)) => return format!("gave up: {reason}"),
                Ok(Change::Run { command, .. }) => return command,
                Ok(Change::Edit { path, old, new, .. }) => {
                    let text = text(&path, files);
                    assert_eq!(text.matches(&old).count(), 1, "{old:?} is to occur once");
                    return text.replacen(&old, &new, 1);
                }
            }
        }
        panic!("asks for ever: {:?}", conversation.turns.last())
    }

    fn text<'a>(path: &str, files: &[(&str, &'a str)]) -> &'a str {
        files.iter().find(|(name, _)| *name == path).map(|(_, text)| *text).unwrap_or_default()
    }

    fn answer(call: &Call, files: &[(&str, &str)]) -> String {
        match call.tool.as_str() {
            "read" => {
                let path = call.text("filePath");
                if !files.iter().any(|(name, _)| *name == path) {
                    return format!("File not found: /work/repo/{path}");
                }
                let body: String = text(path, files)
                    .lines()
                    .enumerate()
                    .map(|(index, line)| format!("{}: {line}\n", index + 1))
                    .collect();
                format!(
                    "<path>/work/repo/{path}</path>\n<type>file</type>\n<content>\n{body}\n(End of file)\n</content>"
                )
            }
            "grep" => {
                let pattern =
                    regex::Regex::new(call.text("pattern")).unwrap_or_else(|error| panic!("{error}"));
                let mut out = String::new();
                for (name, text) in files {
                    let hits: Vec<String> = text
                        .lines()
                        .enumerate()
                        .filter(|(_, line)| pattern.is_match(line))
                        .map(|(index, line)| format!("  Line {}: {line}\n", index + 1))
                        .collect();
                    if !hits.is_empty() {
                        out.push_str(&format!("/work/repo/{name}:\n{}", hits.join("\n")));
                    }
                }
                if out.is_empty() { "No files found".to_owned() } else { format!("Found matches\n{out}") }
            }
            // The list is longer than the pattern asks for: the repair has to choose by itself.
            "glob" => "ripgrep execution failed".to_owned(),
            "bash" => files.iter().map(|(name, _)| format!("./{name}\n")).collect(),
            tool => panic!("unexpected {tool} {}", json!(call.arguments)),
        }
    }
}
