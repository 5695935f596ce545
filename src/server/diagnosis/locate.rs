//! The root → the files to touch: those that the error names, most likely first.

use super::{
    FILE_LIMIT, Hints,
    catalogue::{Entry, Files, Rank},
    classify::Root,
    clean, docker,
    lines::Lines,
    paths, prefixes,
    scan::Candidate,
    touch,
};
use crate::model::ErrorType;

/// How far above an error its heading may stand, in lines (a long ESLint report of one file).
const HEADING_REACH: usize = 200;
/// How far below an error its place may be printed.
const BELOW_REACH: usize = 14;
/// How far above an error the banner of its script may stand, in lines.
const BANNER_REACH: usize = 200;
/// How many frames of a stack or traceback are looked at.
const FRAMES: usize = 60;

/// Where to look for files in one log.
pub(super) struct Places<'a, L: ?Sized> {
    lines: &'a L,
    root: Option<String>,
    prefix: Option<&'a str>,
    /// Where the script ran that failed, as its banner says.
    ran_in: Option<String>,
}

/// Where an error is.
#[derive(Default)]
pub(super) struct Place {
    /// Relative to the repository.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// As the tool counts.
    pub column: Option<u32>,
}

/// The files of a finding.
pub(super) struct Found {
    /// The file of the root line itself.
    pub root: Option<String>,
    /// All of them, at most [`FILE_LIMIT`].
    pub all: Vec<String>,
}

impl<'a, L: Lines + ?Sized> Places<'a, L> {
    pub(super) fn new(lines: &'a L, line: usize, hints: &'a Hints) -> Self {
        let prefix = hints.root_directory.as_deref().filter(|folder| !matches!(*folder, "" | "." | "/"));
        Self { lines, root: learn_root(lines, line), prefix, ran_in: learn_folder(lines, line) }
    }

    /// The root's own file, then those of the same report, then those that its repair touches.
    pub(super) fn files(&self, root: &Root<'_>, candidates: &[Candidate]) -> Found {
        let entry = root.entry();
        let mut all: Vec<String> = Vec::new();
        let own = self.own(root);
        add(&mut all, own.iter().cloned());
        if reports_several(entry) {
            for other in candidates.iter().filter(|other| same_report(other.found.entry, entry)) {
                if all.len() >= FILE_LIMIT {
                    break;
                }
                add(&mut all, self.of(other));
            }
        }
        if !root.own_module {
            for touched in entry.touches {
                // The same kind of file that the error names is the one to touch.
                if !all.iter().any(|named| touch::is_kind(named, touched)) {
                    add(&mut all, self.touched(root, touched));
                }
            }
        }
        all.truncate(FILE_LIMIT);
        Found { root: own.into_iter().next(), all }
    }

    /// The files of the root itself. A package that the project does not have is no fault of the code in other
    /// packages that imports it.
    fn own(&self, root: &Root<'_>) -> Vec<String> {
        let line = root.candidate.line;
        let by_a_package = root.entry().files == Files::Traceback
            && root.error_type == ErrorType::Dependency
            && self.last_frame(line).is_some_and(|path| self.relative(&path, line).is_none());
        if by_a_package { Vec::new() } else { self.of(root.candidate) }
    }

    /// The file that a repair touches, where the log shows it to be, else in the folder of the build.
    fn touched(&self, root: &Root<'_>, name: &str) -> Option<String> {
        let line = root.candidate.line;
        if name == "Dockerfile" {
            let shown = docker::dockerfile(self.lines, line);
            return if root.entry().tool == "docker" {
                shown.or_else(|| Some(name.to_owned()))
            } else {
                shown
            };
        }
        let shown = match name {
            "Cargo.toml" => (line..=line + BELOW_REACH)
                .find_map(|at| self.relative(&touch::cargo_manifest(&self.text(at))?, at)),
            // JavaScript's logs name those of packages.
            "package.json" => None,
            _ => touch::shown(self.lines, line, name, |path| self.relative(path, line)),
        };
        shown.or_else(|| match self.folder(line) {
            Some(folder) => Some(format!("{}/{name}", folder.trim_matches('/'))),
            None => Some(name.to_owned()),
        })
    }

    /// The first file of an error, with its position where the tool prints one.
    pub(super) fn place(&self, candidate: &Candidate) -> Place {
        let Some(file) = self.of(candidate).into_iter().next() else { return Place::default() };
        let here = candidate.line;
        let above = (here.saturating_sub(HEADING_REACH)..here).rev();
        let below = here + 1..=here + BELOW_REACH;
        let printed = [here].into_iter().chain(below).chain(above).find_map(|at| {
            let text = self.text(at);
            let path = paths::on_line(&text)
                .into_iter()
                .find(|path| self.relative(path, at).as_deref() == Some(file.as_str()))?;
            let end = path.as_ptr() as usize - text.as_ptr() as usize + path.len();
            Some(position(&text[end..]))
        });
        // ESLint and its kind print the file once and the position in front of every error.
        let (line, column) = match printed {
            Some((None, _)) | None => position(&format!(":{}", candidate.text)),
            Some(position) => position,
        };
        Place { file: Some(file), line, column }
    }

    fn of(&self, candidate: &Candidate) -> Vec<String> {
        if let Some(file) = candidate.found.file.as_deref() {
            let in_project = touch::in_msbuild_project(&candidate.text, file);
            if let Some(file) = self.relative(in_project.as_deref().unwrap_or(file), candidate.line) {
                return vec![file];
            }
        }
        match candidate.found.entry.files {
            Files::None => Vec::new(),
            Files::Here => self.first_on(candidate.line).into_iter().collect(),
            Files::Line => {
                let text = self.text(candidate.line);
                let mut named: Vec<String> = Vec::new();
                add(
                    &mut named,
                    paths::on_line(&text).into_iter().filter_map(|path| self.relative(path, candidate.line)),
                );
                if named.is_empty() { self.below(candidate.line).into_iter().collect() } else { named }
            }
            Files::Above => self
                .above(candidate.line)
                .or_else(|| self.first_on(candidate.line))
                .or_else(|| self.below(candidate.line))
                .into_iter()
                .collect(),
            Files::Below => {
                let here = self.first_on(candidate.line);
                here.or_else(|| self.below(candidate.line)).into_iter().collect()
            }
            Files::Stack => self.stack(candidate.line).into_iter().collect(),
            Files::Traceback => self.traceback(candidate.line).into_iter().collect(),
        }
    }

    /// `line` is where the path is printed.
    fn relative(&self, path: &str, line: usize) -> Option<String> {
        paths::relative(path, self.root.as_deref(), self.folder(line))
    }

    /// The folder of the repository that the paths of a line are relative to.
    fn folder(&self, line: usize) -> Option<&str> {
        self.prefix
            .or_else(|| self.lines.line(line).and_then(prefixes::task_folder))
            .or(self.ran_in.as_deref())
    }

    fn text(&self, line: usize) -> String {
        let line = self.lines.line(line).unwrap_or("");
        clean::text(clean::cut(line, 1_000)).into_owned()
    }

    fn first_on(&self, line: usize) -> Option<String> {
        let text = self.text(line);
        paths::on_line(&text).into_iter().find_map(|path| self.relative(path, line))
    }

    /// The nearest line above that is nothing but a path (with a position, or after "ERROR in").
    fn above(&self, line: usize) -> Option<String> {
        (line.saturating_sub(HEADING_REACH)..line)
            .rev()
            .find_map(|at| heading(&self.text(at)).map(|path| (path.to_owned(), at)))
            .and_then(|(path, at)| self.relative(&path, at))
    }

    fn below(&self, line: usize) -> Option<String> {
        (line + 1..=line + BELOW_REACH)
            .take_while(|at| *at < self.lines.count())
            .filter(|at| !is_source_frame(&self.text(*at)))
            .find_map(|at| {
                let measured = touch::measured(&self.text(at)).and_then(|path| self.relative(path, at));
                measured.or_else(|| self.first_on(at))
            })
    }

    fn stack(&self, line: usize) -> Option<String> {
        let frames = (line + 1..(line + FRAMES).min(self.lines.count()))
            .map(|at| (at, self.text(at)))
            .filter(|(_, text)| text.starts_with("at ") || text.starts_with("- /") || heading(text).is_some())
            .find_map(|(at, text)| {
                paths::on_line(&text).into_iter().find_map(|path| self.relative(path, at))
            });
        frames.or_else(|| {
            // Node.js prints the place of what was thrown above it.
            (line.saturating_sub(5)..line).rev().find_map(|at| {
                let text = self.text(at);
                let path = paths::on_line(&text).into_iter().next()?;
                let is_place = text.starts_with(path) || text.starts_with("file://");
                is_place.then(|| self.relative(path, at)).flatten()
            })
        })
    }

    fn last_frame(&self, line: usize) -> Option<String> {
        (line.saturating_sub(FRAMES)..line).rev().find_map(|at| {
            let text = self.text(at);
            let path = text.strip_prefix("File \"")?.split('"').next()?;
            (!path.starts_with('<')).then(|| path.to_owned())
        })
    }

    fn traceback(&self, line: usize) -> Option<String> {
        (line.saturating_sub(FRAMES)..line).rev().find_map(|at| {
            let text = self.text(at);
            let path = text.strip_prefix("File \"")?.split('"').next()?;
            if path.starts_with('<') { None } else { self.relative(path, at) }
        })
    }
}

/// The numbers right behind a path: `:3:7`, `(3,7)`, `:3`, `", line 3`.
fn position(rest: &str) -> (Option<u32>, Option<u32>) {
    let rest = rest.strip_prefix("\", line ").or_else(|| rest.strip_prefix([':', '(']));
    let Some(rest) = rest else { return (None, None) };
    let (line, rest) = number(rest);
    let column = rest.strip_prefix([':', ',']).and_then(|rest| number(rest).0);
    (line, line.and(column))
}

fn number(text: &str) -> (Option<u32>, &str) {
    let digits = text.bytes().take(9).take_while(u8::is_ascii_digit).count();
    (text[..digits].parse().ok(), &text[digits..])
}

/// `12 │ @use 'theme'`: what stands there are the project's words, not the tool's.
fn is_source_frame(text: &str) -> bool {
    let rest = text.trim_start_matches('>').trim_start();
    let digits = rest.bytes().take(7).take_while(u8::is_ascii_digit).count();
    digits > 0 && rest[digits..].trim_start().starts_with(['|', '│'])
}

fn add(all: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for file in more {
        if !all.contains(&file) {
            all.push(file);
        }
    }
}

/// Compilers and linters list all errors they have; an exception or an install stops at its first.
fn reports_several(entry: &Entry) -> bool {
    entry.rank >= Rank::Error
        && matches!(entry.files, Files::Here | Files::Line | Files::Above | Files::Below)
}

/// What follows from a cause is repaired with it: only lines that name the same cause count.
fn same_report(other: &Entry, entry: &Entry) -> bool {
    other.tool == entry.tool && other.rank >= Rank::Error.max(entry.rank)
}

/// The path, if the line is a heading.
fn heading(text: &str) -> Option<&str> {
    let text = text.strip_prefix("ERROR in ").or_else(|| text.strip_prefix("Error: ")).unwrap_or(text);
    let path = *paths::on_line(text).first()?;
    let rest = text.strip_prefix(path)?;
    let is_position = |rest: &str| {
        rest.trim_start_matches([':', ' ', '(', '['])
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ':' | '-' | ',' | ')' | ']' | ' '))
    };
    (rest.is_empty() || is_position(rest)).then_some(path)
}

/// The folder of the build machine that holds `node_modules`, as stack frames near the root show it.
fn learn_root<L: Lines + ?Sized>(lines: &L, line: usize) -> Option<String> {
    let near = line.saturating_sub(40)..(line + 60).min(lines.count());
    near.filter_map(|at| lines.line(at)).find_map(|text| {
        let text = clean::cut(text, 1_000);
        let end = text.find("/node_modules/").or_else(|| text.find("\\node_modules\\"))?;
        let head = &text[..end];
        let start = head.rfind(['(', ' ', '"', '\'', '\t']).map_or(0, |at| at + 1);
        let root = head[start..].trim_start_matches("file://");
        let root = if root.as_bytes().get(2) == Some(&b':') { root.trim_start_matches('/') } else { root };
        let absolute = root.starts_with('/') || root.as_bytes().get(1) == Some(&b':');
        (absolute && root.len() > 3).then(|| root.to_owned())
    })
}

/// The folder of the repository in which the script ran, as npm, pnpm and Turborepo print it: above the error
/// (`> web@1.0.0 build /vercel/path0/apps/web`) or below it (`at location: /vercel/path0/apps/web`).
fn learn_folder<L: Lines + ?Sized>(lines: &L, line: usize) -> Option<String> {
    let text = |at: usize| lines.line(at).map(|line| clean::text(clean::cut(line, 400)).into_owned());
    let above = (line.saturating_sub(BANNER_REACH)..line).rev().find_map(|at| {
        let text = text(at)?;
        let (script, folder) = text.strip_prefix("> ")?.rsplit_once(' ')?;
        (script.contains('@') && folder.starts_with('/')).then(|| folder.to_owned())
    });
    let folder = above.or_else(|| {
        (line..line + FRAMES).find_map(|at| {
            let text = text(at)?;
            let after = ["at location: ", "npm error path ", "npm ERR! path ", "command ("]
                .iter()
                .find_map(|words| text.split_once(words))?
                .1;
            let folder = after.split([')', ' ']).next()?;
            folder.starts_with('/').then(|| folder.to_owned())
        })
    })?;
    paths::folder_in_repository(folder.trim_end_matches('/')).map(str::to_owned)
}
