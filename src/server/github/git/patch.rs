//! Turns the bytes of a patch into the paths and modes it names, so that a patch which reaches outside the tree
//! is refused before git sees it. git checks the same again, and what it really changed is read back from the
//! index.

/// What the head of one file's part of a patch says. Paths are without `a/` and `b/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileHeader {
    /// Every path that the head names, without repetition; `/dev/null` is none.
    pub paths: Vec<String>,
    /// The mode of a new or changed file, if it is named (`100644`, `100755`, `120000`, `160000`).
    pub new_mode: Option<String>,
    /// It holds Git's binary form.
    pub binary: bool,
}

/// Why a patch is refused before it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// A path leaves the tree, or lies in a `.git` folder.
    #[error("the path {0:?} is not allowed")]
    Path(String),
    /// The name of a file is quoted in a form that git does not write.
    #[error("line {0} holds an unreadable path")]
    Quoting(usize),
    /// A hunk is shorter or longer than it says.
    #[error("the hunk before line {0} does not have the length it names")]
    Hunk(usize),
    /// There is no file in it.
    #[error("it names no file")]
    Empty,
}

/// Reads the heads of all files of a unified diff as `git diff` writes it, and checks every path.
pub fn parse(patch: &[u8]) -> Result<Vec<FileHeader>, PatchError> {
    let mut files: Vec<FileHeader> = Vec::new();
    // Lines of the old and the new file that the current hunk still has.
    let (mut old_left, mut new_left) = (0u64, 0u64);
    for (index, line) in patch.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        if old_left > 0 || new_left > 0 {
            let (old, new) = match line.first() {
                Some(b' ') | None => (1, 1),
                Some(b'-') => (1, 0),
                Some(b'+') => (0, 1),
                Some(b'\\') => (0, 0),
                Some(_) => return Err(PatchError::Hunk(number)),
            };
            old_left = old_left.checked_sub(old).ok_or(PatchError::Hunk(number))?;
            new_left = new_left.checked_sub(new).ok_or(PatchError::Hunk(number))?;
            continue;
        }
        let line = String::from_utf8_lossy(line);
        if let Some(names) = line.strip_prefix("diff --git ") {
            files.push(FileHeader::default());
            for path in both_names(names).ok_or(PatchError::Quoting(number))? {
                add_path(&mut files, path)?;
            }
        } else if let Some(range) = line.strip_prefix("@@ ") {
            (old_left, new_left) = hunk_length(range).ok_or(PatchError::Hunk(number))?;
        } else if let Some(name) = line.strip_prefix("--- ").or_else(|| line.strip_prefix("+++ ")) {
            let name = name.strip_suffix('\t').unwrap_or(name);
            let path = unquoted(name).ok_or(PatchError::Quoting(number))?;
            if path != "/dev/null" {
                let path = path.split_once('/').map(|(_, rest)| rest.to_owned()).unwrap_or(path);
                add_path(&mut files, path)?;
            }
        } else if let Some(name) = ["rename from ", "rename to ", "copy from ", "copy to "]
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
        {
            add_path(&mut files, unquoted(name).ok_or(PatchError::Quoting(number))?)?;
        } else if let Some(mode) =
            line.strip_prefix("new file mode ").or_else(|| line.strip_prefix("new mode "))
        {
            if let Some(file) = files.last_mut() {
                file.new_mode = Some(mode.trim().to_owned());
            }
        } else if (line == "GIT binary patch" || line.starts_with("Binary files "))
            && let Some(file) = files.last_mut()
        {
            file.binary = true;
        }
    }
    if files.is_empty() {
        return Err(PatchError::Empty);
    }
    Ok(files)
}

fn add_path(files: &mut Vec<FileHeader>, path: String) -> Result<(), PatchError> {
    if !is_inside(&path) {
        return Err(PatchError::Path(path));
    }
    if files.is_empty() {
        files.push(FileHeader::default());
    }
    if let Some(file) = files.last_mut()
        && !file.paths.contains(&path)
    {
        file.paths.push(path);
    }
    Ok(())
}

/// A path that stays in the tree on every file system, and out of `.git`.
pub(super) fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0', '\n', '\r'])
        && path.split('/').all(|part| {
            let folded: String = part
                .chars()
                // HFS+ ignores these in names.
                .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'))
                .flat_map(char::to_lowercase)
                .collect();
            let folded = folded.trim_end_matches(['.', ' ']);
            !folded.is_empty() && folded != ".git" && folded != "git~1" && !folded.starts_with(".git:")
        })
}

/// The two names of `diff --git a/… b/…`. Without quotes they are the same name but for renames, whose names
/// are given again on lines of their own.
fn both_names(text: &str) -> Option<Vec<String>> {
    if text.starts_with('"') || text.ends_with('"') {
        let (first, rest) = match text.strip_prefix('"') {
            Some(_) => {
                let end = closing_quote(text)?;
                (text.get(..=end)?, text.get(end + 1..)?.trim_start())
            }
            None => text.split_once(" \"").map(|(first, _)| (first, &text[first.len() + 1..]))?,
        };
        return [first, rest]
            .into_iter()
            .map(|name| unquoted(name)?.split_once('/').map(|(_, path)| path.to_owned()))
            .collect();
    }
    // `a/` + name + ` b/` + name.
    let length = text.len().checked_sub("a/ b/".len())?;
    let name = text.get(2..2 + length / 2)?;
    let same = length % 2 == 0 && text.strip_prefix("a/") == Some(&format!("{name} b/{name}"));
    Some(if same { vec![name.to_owned()] } else { Vec::new() })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// Undoes git's C-style quoting, if the name is quoted.
fn unquoted(name: &str) -> Option<String> {
    let Some(inner) = name.strip_prefix('"') else { return Some(name.to_owned()) };
    let inner = inner.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            same @ (b'"' | b'\\') => same,
            first @ b'0'..=b'3' => {
                let mut digit = || rest.next().filter(|digit| (b'0'..=b'7').contains(digit));
                let (second, third) = (digit()?, digit()?);
                (first - b'0') * 64 + (second - b'0') * 8 + (third - b'0')
            }
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

/// `-1,3 +1,4 @@ …` as the numbers of old and new lines.
fn hunk_length(range: &str) -> Option<(u64, u64)> {
    let mut parts = range.split(' ');
    let mut count = |sign| {
        let range = parts.next()?.strip_prefix(sign)?;
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        start.parse::<u64>().ok()?;
        count.parse::<u64>().ok()
    };
    Some((count('-')?, count('+')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn paths(patch: &str) -> Result<Vec<Vec<String>>, PatchError> {
        parse(patch.as_bytes()).map(|files| files.into_iter().map(|file| file.paths).collect())
    }

    #[test]
    fn reads_what_git_writes() {
        let patch = "diff --git a/src/a b.ts b/src/a b.ts\nindex 1..2 100644\n--- a/src/a b.ts\t\n\
            +++ b/src/a b.ts\t\n@@ -1 +1,2 @@\n-x\n+--- a/../etc/passwd\n+y\n\
            diff --git \"a/\\303\\244.ts\" \"b/\\303\\244.ts\"\nnew file mode 100755\n\
            --- /dev/null\n+++ \"b/\\303\\244.ts\"\n@@ -0,0 +1 @@\n+z\n\\ No newline at end of file\n\
            diff --git a/old.ts b/new.ts\nsimilarity index 100%\nrename from old.ts\nrename to new.ts\n\
            diff --git a/x.png b/x.png\nGIT binary patch\nliteral 1\nIcmZQz00001\n\n";
        let files = parse(patch.as_bytes()).expect("a patch");
        let names: Vec<_> = files.iter().map(|file| file.paths.join(" + ")).collect();
        assert_eq!(names, ["src/a b.ts", "ä.ts", "old.ts + new.ts", "x.png"]);
        assert_eq!(files[1].new_mode.as_deref(), Some("100755"));
        assert_eq!(files.iter().map(|file| file.binary).collect::<Vec<_>>(), [false, false, false, true]);
    }

    #[rstest]
    #[case::above("diff --git a/../x b/../x\n", "../x")]
    #[case::inner("diff --git a/a/../../x b/a/../../x\n", "a/../../x")]
    #[case::git("diff --git a/.git/config b/.git/config\n", ".git/config")]
    #[case::git_case("diff --git a/sub/.GIT/hooks/x b/sub/.GIT/hooks/x\n", "sub/.GIT/hooks/x")]
    #[case::git_windows("diff --git a/.git./x b/.git./x\n", ".git./x")]
    #[case::git_short("diff --git a/GIT~1/x b/GIT~1/x\n", "GIT~1/x")]
    #[case::git_hfs("diff --git a/.g\u{200c}it/x b/.g\u{200c}it/x\n", ".g\u{200c}it/x")]
    #[case::plain_form("--- a/../x\n+++ b/../x\n", "../x")]
    #[case::rename("diff --git a/x b/y\nrename from x\nrename to ../y\n", "../y")]
    #[case::backslash("diff --git a/x b/y\nrename from x\nrename to ..\\y\n", "..\\y")]
    #[case::quoted("diff --git \"a/\\056\\056/x\" \"b/\\056\\056/x\"\n", "../x")]
    fn refuses_paths_outside(#[case] patch: &str, #[case] path: &str) {
        assert_eq!(paths(patch), Err(PatchError::Path(path.to_owned())));
    }

    #[test]
    fn refuses_what_is_no_patch() {
        assert_eq!(paths(""), Err(PatchError::Empty));
        assert_eq!(paths("hello\n"), Err(PatchError::Empty));
        assert_eq!(paths("diff --git a/x b/x\n@@ -1 +1 @@\nhello\n"), Err(PatchError::Hunk(3)));
    }

    proptest! {
        #[test]
        fn never_panics(patch in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&patch);
        }

        #[test]
        fn never_panics_on_almost_patches(lines in proptest::collection::vec(
            "(diff --git |--- |\\+\\+\\+ |@@ |rename to |new mode |[-+ \\\\]|\"|a/|b/|\\\\[0-7]|[0-9,ä\"]){1,8}", 0..12)) {
            let _ = parse(lines.join("\n").as_bytes());
        }

        #[test]
        fn quoting_comes_back(name in "[a-zA-Z0-9 \"\\\\\t\u{e4}\u{4e2d}]{1,12}") {
            let quoted = name.bytes().map(|byte| match byte {
                b'"' | b'\\' => format!("\\{}", byte as char),
                0x20..=0x7e => (byte as char).to_string(),
                other => format!("\\{other:03o}"),
            }).collect::<String>();
            prop_assert_eq!(unquoted(&format!("\"{quoted}\"")), Some(name));
        }
    }
}
