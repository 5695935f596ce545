//! A unified diff → files with numbered lines.

/// One file of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path after the change; before it, for a deleted file.
    pub path: String,
    /// `new`, `deleted`, `renamed` or `binary`, where it is one.
    pub note: Option<&'static str>,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Where the lines that follow are.
    Hunk(String),
    /// Number before, number after, text.
    Context(usize, usize, String),
    /// Number after, text.
    Added(usize, String),
    /// Number before, text.
    Removed(usize, String),
    /// A remark of Git's.
    Note(String),
}

/// The files of a diff as `git diff` writes it. Text before the first file is left out.
pub fn parse(diff: &str) -> Vec<FileDiff> {
    let mut files: Vec<FileDiff> = Vec::new();
    // Line numbers and how many lines the hunk still has on each side: inside it, `---` is a removed line.
    let (mut old, mut new, mut old_left, mut new_left) = (0, 0, 0, 0);
    for text in diff.lines() {
        if old_left == 0 && new_left == 0 && text.starts_with("diff --git ") {
            let path = text.rsplit_once(" b/").map_or(text, |(_, path)| path).to_owned();
            files.push(FileDiff { path, note: None, added: 0, removed: 0, lines: Vec::new() });
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        if old_left == 0 && new_left == 0 {
            if let Some(header) = text.strip_prefix("@@ ") {
                ((old, old_left), (new, new_left)) = hunk(header);
                file.lines.push(Line::Hunk(text.to_owned()));
            } else if text.starts_with('\\') {
                file.lines.push(Line::Note(text.trim_start_matches(['\\', ' ']).to_owned()));
            } else {
                head(file, text);
            }
            continue;
        }
        match text.split_at_checked(1) {
            Some(("+", rest)) => {
                file.lines.push(Line::Added(new, rest.to_owned()));
                file.added += 1;
                new += 1;
                new_left = new_left.saturating_sub(1);
            }
            Some(("-", rest)) => {
                file.lines.push(Line::Removed(old, rest.to_owned()));
                file.removed += 1;
                old += 1;
                old_left = old_left.saturating_sub(1);
            }
            Some(("\\", rest)) => file.lines.push(Line::Note(rest.trim_start().to_owned())),
            other => {
                let rest = other.map_or("", |(_, rest)| rest);
                file.lines.push(Line::Context(old, new, rest.to_owned()));
                (old, new) = (old + 1, new + 1);
                (old_left, new_left) = (old_left.saturating_sub(1), new_left.saturating_sub(1));
            }
        }
    }
    files
}

/// What the lines between `diff --git` and the first hunk say.
fn head(file: &mut FileDiff, text: &str) {
    if text.starts_with("new file") {
        file.note = Some("new");
    } else if text.starts_with("deleted file") {
        file.note = Some("deleted");
    } else if text.starts_with("rename to ") {
        file.note = Some("renamed");
    } else if text.starts_with("Binary files") || text.starts_with("GIT binary patch") {
        file.note = file.note.or(Some("binary"));
    } else if let Some(path) = text.strip_prefix("+++ b/") {
        file.path = path.to_owned();
    }
}

/// `-3,5 +3,6 @@ …` → first line and count of both sides.
fn hunk(header: &str) -> ((usize, usize), (usize, usize)) {
    let mut sides = header.split(' ').map(|side| {
        let (start, count) = side.trim_start_matches(['-', '+']).split_once(',').unwrap_or((side, "1"));
        (start.trim_start_matches(['-', '+']).parse().unwrap_or(1), count.parse().unwrap_or(0))
    });
    (sides.next().unwrap_or((1, 0)), sides.next().unwrap_or((1, 0)))
}

/// `2 files, +3 −1`.
pub fn size(files: &[FileDiff]) -> String {
    let (added, removed) =
        files.iter().fold((0, 0), |(added, removed), file| (added + file.added, removed + file.removed));
    let noun = if files.len() == 1 { "file" } else { "files" };
    format!("{} {noun}, +{added} −{removed}", files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/src/a.ts b/src/a.ts
index 1111111..2222222 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -3,3 +3,4 @@ export function total() {
 const a = 1;
--- was a comment
+const b = 2;
+const c = \"<b>\";
 return a;
diff --git a/old.png b/old.png
deleted file mode 100644
Binary files a/old.png and /dev/null differ
diff --git a/new file.ts b/new file.ts
new file mode 100644
--- /dev/null
+++ b/new file.ts
@@ -0,0 +1 @@
+export {};
\\ No newline at end of file
";

    #[test]
    fn files_lines_and_counts_come_out() {
        let files = parse(DIFF);
        let facts: Vec<_> =
            files.iter().map(|file| (file.path.as_str(), file.note, file.added, file.removed)).collect();
        assert_eq!(
            facts,
            [
                ("src/a.ts", None, 2, 1),
                ("old.png", Some("deleted"), 0, 0),
                ("new file.ts", Some("new"), 1, 0)
            ]
        );
        assert_eq!(
            files[0].lines[1..],
            [
                Line::Context(3, 3, "const a = 1;".to_owned()),
                Line::Removed(4, "-- was a comment".to_owned()),
                Line::Added(4, "const b = 2;".to_owned()),
                Line::Added(5, "const c = \"<b>\";".to_owned()),
                Line::Context(5, 6, "return a;".to_owned()),
            ]
        );
        assert_eq!(size(&files), "3 files, +3 −1");
    }

    #[test]
    fn anything_is_survived() {
        for text in ["", "@@", "diff --git", "diff --git a/x b/x\n@@ -9 +x @@\n \n\n-", "--- a\n+++ b\n"] {
            let _ = parse(text);
        }
    }
}
