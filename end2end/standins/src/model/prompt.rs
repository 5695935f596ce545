//! What the prompt says beside the log: the folder, and the commands that install and build.

use std::sync::LazyLock;

use regex::Regex;

/// First words of commands that build or check a project.
const TOOLS: [&str; 14] = [
    "npm", "pnpm", "yarn", "bun", "npx", "node", "tsc", "vite", "next", "make", "astro", "turbo", "vue-tsc",
    "esbuild",
];

/// A labelled line such as `- Build: npm run build`, or `Build command: …`.
fn labelled(prompt: &str, label: &str) -> Option<String> {
    let pattern = Regex::new(&format!(r"(?mi)^[\s*-]*{label}(?: command)?(?: is)?:\s*(.+)$")).ok()?;
    let text = pattern.captures(prompt)?[1].trim().trim_matches(['`', '"', '\'']).to_owned();
    (!text.is_empty()).then_some(text)
}

/// The folder in which the project is built; none for the repository's root.
#[must_use]
pub fn folder(prompt: &str) -> Option<String> {
    let folder = labelled(prompt, "(?:root )?(?:folder|directory)")?;
    let folder = folder.trim_start_matches("./").trim_end_matches('/').to_owned();
    let plain =
        folder.chars().all(|character| character.is_ascii_alphanumeric() || "/._-@".contains(character));
    (plain && !folder.is_empty() && folder != ".").then_some(folder)
}

/// The install command that the prompt names.
#[must_use]
pub fn install_command(prompt: &str) -> Option<String> {
    labelled(prompt, "install").filter(|command| starts_with_tool(command))
}

/// The build command that the prompt names: on a labelled line, in backticks on a line about the
/// build, or as the log's own `Running "…"`.
#[must_use]
pub fn build_command(prompt: &str) -> Option<String> {
    static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"`([^`\n]+)`").ok());
    static LOG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"Running "([^"]+)""#).ok());
    let about_build = |line: &&str| {
        let line = line.to_lowercase();
        line.contains("build") && !line.contains("install command")
    };
    let quoted = || {
        prompt.lines().filter(about_build).find_map(|line| {
            let mut commands = QUOTED.as_ref()?.captures_iter(line).map(|parts| parts[1].to_owned());
            commands.find(|command| is_build(command))
        })
    };
    let logged = || {
        let all = LOG.as_ref()?.captures_iter(prompt).map(|parts| parts[1].to_owned());
        all.filter(|command| is_build(command) && !command.starts_with("vercel")).last()
    };
    labelled(prompt, "build").filter(|command| is_build(command)).or_else(quoted).or_else(logged)
}

fn starts_with_tool(command: &str) -> bool {
    command.split_whitespace().next().is_some_and(|first| TOOLS.contains(&first))
}

/// Whether a part of it builds: platforms without an install command have both in one.
fn is_build(command: &str) -> bool {
    let installs = |part: &str| part.split_whitespace().any(|word| ["install", "ci", "add"].contains(&word));
    starts_with_tool(command) && command.split("&&").any(|part| starts_with_tool(part) && !installs(part))
}

#[cfg(test)]
mod tests {
    use super::{build_command, folder, install_command};

    #[test]
    fn the_command_is_found_however_it_is_named() {
        for (prompt, wanted) in [
            ("The build command is `npm run build`. It failed.", Some("npm run build")),
            ("Install: `npm ci`\nBuild: `npx tsc -p .`", Some("npx tsc -p .")),
            ("Build command: pnpm build", Some("pnpm build")),
            ("- Build: npm install && npm run build", Some("npm install && npm run build")),
            ("- Build: npm install", None),
            (
                "- Folder: web\n- Install: npm ci\n- Build: npm run build\n\n- Use the build command above",
                Some("npm run build"),
            ),
            (
                "Log:\n    Running \"install\" command: `npm ci`...\n    Running \"npm run build\"\n",
                Some("npm run build"),
            ),
            ("Please repair it.", None),
        ] {
            assert_eq!(build_command(prompt).as_deref(), wanted, "{prompt}");
        }
    }
    #[test]
    fn folder_and_install_command_are_found() {
        let prompt = "- Folder: apps/web\n- Install: pnpm install --frozen-lockfile\n";
        assert_eq!(folder(prompt).as_deref(), Some("apps/web"));
        assert_eq!(install_command(prompt).as_deref(), Some("pnpm install --frozen-lockfile"));
        assert_eq!(folder("- Folder: .\n"), None);
        assert_eq!(folder("- Folder: $(reboot)\n"), None);
    }
}
