//! Turns git's list of changed paths into the changed files before and after, read as blobs: the working tree,
//! with its links and its filters, is never asked.

use super::{error::GitError, process::Run};
use std::path::Path;

/// All changed files together, before and after.
const CONTENT_BYTES: usize = 64 * 1024 * 1024;
/// The list of paths.
const LIST_BYTES: usize = 16 * 1024 * 1024;

/// The kind of an entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A plain file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link; its blob is the target.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

impl Mode {
    fn parse(text: &str) -> Option<Option<Self>> {
        match text {
            "000000" => Some(None),
            // Old repositories hold group-writable files.
            "100644" | "100664" => Some(Some(Self::File)),
            "100755" => Some(Some(Self::Executable)),
            "120000" => Some(Some(Self::Symlink)),
            "160000" => Some(Some(Self::Submodule)),
            _ => None,
        }
    }
}

/// One side of a changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its kind.
    pub mode: Mode,
    /// Its content; empty for a submodule.
    pub content: Vec<u8>,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path from the repository's root, with `/`; the new one after a rename.
    pub path: String,
    /// The path it had before; the same as `path` but after a rename or a copy.
    pub old_path: String,
    /// What it was. `None` for a new file.
    pub before: Option<Blob>,
    /// What it is. `None` for a deleted file.
    pub after: Option<Blob>,
}

struct Entry {
    path: String,
    old_path: String,
    before: Option<(Mode, String)>,
    after: Option<(Mode, String)>,
}

/// What the index in `index` changes against HEAD.
pub(super) async fn changes(dir: &Path, index: &Path) -> Result<Vec<Change>, GitError> {
    let args = ["diff-index", "--cached", "--raw", "-z", "-M", "--no-abbrev", "--no-ext-diff", "HEAD", "--"];
    let raw = Run::new("list changes", args)
        .env("GIT_INDEX_FILE", index)
        .output_bytes(LIST_BYTES)
        .succeed(dir)
        .await?;
    let entries = parse_raw(&raw).ok_or(GitError::Invalid("git's list of changes"))?;
    let sides = || entries.iter().flat_map(|entry| [&entry.before, &entry.after]).flatten();
    let ids: Vec<&str> =
        sides().filter(|(mode, _)| *mode != Mode::Submodule).map(|(_, id)| id.as_str()).collect();
    let mut contents = contents(dir, &ids).await?.into_iter();
    let mut blob = |side: Option<(Mode, String)>| match side {
        None => Ok(None),
        Some((Mode::Submodule, _)) => Ok(Some(Blob { mode: Mode::Submodule, content: Vec::new() })),
        Some((mode, _)) => contents
            .next()
            .map(|content| Some(Blob { mode, content }))
            .ok_or(GitError::Invalid("git's list of contents")),
    };
    entries
        .into_iter()
        .map(|entry| {
            let (before, after) = (blob(entry.before)?, blob(entry.after)?);
            Ok(Change { path: entry.path, old_path: entry.old_path, before, after })
        })
        .collect()
}

/// The contents of blobs, in the order of their ids.
pub(super) async fn contents(dir: &Path, ids: &[&str]) -> Result<Vec<Vec<u8>>, GitError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let input = ids.join("\n") + "\n";
    let output = Run::new("read contents", ["cat-file", "--batch"])
        .stdin(input.as_bytes())
        .output_bytes(CONTENT_BYTES)
        .succeed(dir)
        .await?;
    parse_batch(&output, ids.len()).ok_or(GitError::Invalid("git's list of contents"))
}

/// `:oldmode newmode oldid newid X[score]\0path\0[path\0]`, repeated. `None` for another form, or a path that is
/// not UTF-8.
fn parse_raw(raw: &[u8]) -> Option<Vec<Entry>> {
    let text = std::str::from_utf8(raw).ok()?;
    let mut fields = text.split_terminator('\0');
    let mut entries = Vec::new();
    while let Some(facts) = fields.next() {
        let facts: Vec<_> = facts.strip_prefix(':')?.split(' ').collect();
        let &[old_mode, new_mode, old_id, new_id, status] = facts.as_slice() else { return None };
        let old_path = fields.next()?.to_owned();
        let path = if status.starts_with(['R', 'C']) { fields.next()?.to_owned() } else { old_path.clone() };
        let before = Mode::parse(old_mode)?.map(|mode| (mode, old_id.to_owned()));
        let after = Mode::parse(new_mode)?.map(|mode| (mode, new_id.to_owned()));
        entries.push(Entry { path, old_path, before, after });
    }
    Some(entries)
}

/// `<id> blob <size>\n<content>\n`, `count` times.
fn parse_batch(mut rest: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut contents = Vec::with_capacity(count);
    for _ in 0..count {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size: usize = header.split(' ').nth(2)?.parse().ok()?;
        let start = end + 1;
        contents.push(rest.get(start..start.checked_add(size)?)?.to_vec());
        rest = rest.get(start + size + 1..)?;
    }
    rest.is_empty().then_some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_output_makes_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), count in 0usize..4) {
            let _ = parse_raw(&bytes);
            let _ = parse_batch(&bytes, count);
        }
    }
}
