//! Size, kinds of content, modes, hidden characters, and deleted code.

use super::{Input, Objections, kinds};
use crate::server::github::git::Mode;

pub(super) fn size(input: &Input<'_>) -> Objections {
    let written: Vec<_> = input.files.iter().filter(|file| !kinds::is_lockfile(file.path)).collect();
    let lines: usize = written.iter().map(|file| file.changed_lines()).sum();
    let mut objections = Vec::new();
    if written.len() > input.bounds.max_files {
        objections.push(format!("{} files, at most {} are allowed", written.len(), input.bounds.max_files));
    }
    if lines > input.bounds.max_lines {
        objections.push(format!("{lines} changed lines, at most {} are allowed", input.bounds.max_lines));
    }
    objections
}

pub(super) fn binaries(input: &Input<'_>) -> Objections {
    let sides = |file: &super::FileChange<'_>| {
        [&file.before, &file.after].into_iter().flatten().any(|side| side.binary)
    };
    input
        .files
        .iter()
        .filter(|file| sides(file))
        .map(|file| format!("{}: a binary file", file.path))
        .collect()
}

pub(super) fn modes(input: &Input<'_>) -> Objections {
    input
        .files
        .iter()
        .filter_map(|file| {
            let before = file.before.as_ref().map(|side| side.mode);
            let after = file.after.as_ref()?.mode;
            let what = match after {
                Mode::Symlink => "a symbolic link",
                Mode::Submodule => "a submodule",
                Mode::Executable if before != Some(Mode::Executable) => "made executable",
                Mode::File if matches!(before, Some(Mode::Symlink | Mode::Submodule)) => {
                    "a link was replaced by a file"
                }
                Mode::File | Mode::Executable => return None,
            };
            Some(format!("{}: {what}", file.path))
        })
        .collect()
}

/// Characters that make code read differently from what it does.
pub(super) fn hidden_text(input: &Input<'_>) -> Objections {
    let hidden = |c: char| {
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2060}' | '\u{e0000}'..='\u{e007f}')
            || (c.is_control() && c != '\t')
    };
    let lines = input.files.iter().flat_map(|file| file.added().map(move |line| (file, line)));
    lines
        .filter(|(_, (_, line))| line.chars().any(hidden))
        .map(|(file, (number, _))| format!("{}:{number}: an invisible character", file.path))
        .collect()
}

/// A file that the finding names may not be made to pass by removing it.
pub(super) fn code_kept(input: &Input<'_>) -> Objections {
    // Two files for one route, or one name twice: removing one of them is the repair.
    let text = format!("{} {}", input.finding.message, input.finding.root_line).to_lowercase();
    if ["conflict", "duplicate", "already been declared", "same path", "same name"]
        .iter()
        .any(|word| text.contains(word))
    {
        return Vec::new();
    }
    let named = |path: &str| input.finding.affected_files.iter().any(|named| named == path);
    input
        .files
        .iter()
        .filter(|file| named(file.old_path))
        .filter_map(|file| match &file.after {
            None => Some(format!("{}: deleted", file.path)),
            Some(after) if after.text.trim().is_empty() && !file.before_text().trim().is_empty() => {
                Some(format!("{}: emptied", file.path))
            }
            Some(_) => None,
        })
        .collect()
}
