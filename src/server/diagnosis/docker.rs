//! What a log shows about the Docker build that it comes from.

use super::{clean, lines::Lines};

/// How far from an error the step that it happened in is looked for, in lines.
const REACH: (usize, usize) = (200, 40);

/// The Dockerfile of the build, if the log shows that one is built: as BuildKit names it, else by its usual name.
pub(super) fn dockerfile<L: Lines + ?Sized>(lines: &L, line: usize) -> Option<String> {
    let mut is_build = false;
    let mut loaded = None;
    let near = line.saturating_sub(REACH.0)..(line + REACH.1).min(lines.count());
    for at in near {
        let Some(text) = lines.line(at) else { continue };
        let text = clean::text(clean::cut(text, 400));
        let text = text.trim_start_matches("# ");
        if text.contains("ixpacks") || text.contains("railpack") {
            // The platform wrote it.
            return None;
        }
        if let Some(name) = heading(text) {
            return Some(name.to_owned());
        }
        if let Some((_, name)) = text.split_once("load build definition from ") {
            loaded = is_name(name.trim()).then(|| name.trim().to_owned());
        }
        is_build |= is_mark(text);
    }
    loaded.or_else(|| is_build.then(|| "Dockerfile".to_owned()))
}

/// A line that only a Docker build prints.
fn is_mark(text: &str) -> bool {
    let is_step = |rest: &str| {
        let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
        digits > 0 && rest[digits..].starts_with('/') && rest.contains(" : ")
    };
    text.strip_prefix("Step ").is_some_and(is_step)
        || (text.contains("] RUN ") && (text.contains("> [") || text.starts_with('#')))
        || text.contains("failed to solve: process \"")
        || text.starts_with("The command '/bin/sh -c ")
}

/// `prod.Dockerfile:9`, which BuildKit prints above the failed instruction.
fn heading(text: &str) -> Option<&str> {
    let (name, line) = text.trim().rsplit_once(':')?;
    (!line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) && is_name(name)).then_some(name)
}

fn is_name(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let is_named = last == "Dockerfile"
        || last.starts_with("Dockerfile.")
        || last.ends_with(".Dockerfile")
        || last.ends_with(".dockerfile");
    is_named && !name.starts_with('/') && !name.contains([' ', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[" > [build 2/3] RUN make:", "error: x", "prod.Dockerfile:9", "-----"], Some("prod.Dockerfile"))]
    #[case(&["Step 3/6 : RUN cargo build", "error: x"], Some("Dockerfile"))]
    #[case(&["#1 [internal] load build definition from Dockerfile.web", "error: x"], Some("Dockerfile.web"))]
    #[case(&["$ make", "error: x"], None)]
    #[case(&["#1 load build definition from ./.nixpacks/Dockerfile", "Dockerfile:3"], None)]
    fn finds_the_dockerfile(#[case] log: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(dockerfile(log, 1).as_deref(), expected);
    }
}
