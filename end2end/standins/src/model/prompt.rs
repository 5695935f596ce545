//! What the prompt says beside the log: the command that builds the project.

use std::sync::LazyLock;

use regex::Regex;

/// First words of commands that build or check a project.
const TOOLS: [&str; 14] = [
    "npm", "pnpm", "yarn", "bun", "npx", "node", "tsc", "vite", "next", "make", "astro", "turbo", "vue-tsc",
    "esbuild",
];

/// The build command that the prompt names: in backticks on a line about the build, after "build
/// command:", or as the log's own `Running "…"`.
#[must_use]
pub fn build_command(prompt: &str) -> Option<String> {
    static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"`([^`\n]+)`").ok());
    static PLAIN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)build command(?: is)?:?\s+(.+)$").ok());
    static LOG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"Running "([^"]+)""#).ok());
    let about_build = |line: &&str| {
        let line = line.to_lowercase();
        line.contains("build") && !line.contains("install command")
    };
    let quoted = prompt.lines().filter(about_build).find_map(|line| {
        let mut commands = QUOTED.as_ref()?.captures_iter(line).map(|parts| parts[1].to_owned());
        commands.find(|command| is_build(command))
    });
    let plain = || {
        prompt.lines().find_map(|line| {
            let command =
                PLAIN.as_ref()?.captures(line)?[1].trim_matches(['`', '"', '\'', ' ', '.']).to_owned();
            is_build(&command).then_some(command)
        })
    };
    let logged = || {
        let all = LOG.as_ref()?.captures_iter(prompt).map(|parts| parts[1].to_owned());
        all.filter(|command| is_build(command) && !command.starts_with("vercel")).last()
    };
    quoted.or_else(plain).or_else(logged)
}

fn is_build(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or_default();
    let installs =
        [" install", " ci", " add "].iter().any(|part| format!("{command} ").contains(&format!("{part} ")));
    TOOLS.contains(&first) && !installs
}

#[cfg(test)]
mod tests {
    use super::build_command;

    #[test]
    fn the_command_is_found_however_it_is_named() {
        for (prompt, wanted) in [
            ("The build command is `npm run build`. It failed.", Some("npm run build")),
            ("Install: `npm ci`\nBuild: `npx tsc -p .`", Some("npx tsc -p .")),
            ("Build command: pnpm build", Some("pnpm build")),
            (
                "Log:\n    Running \"install\" command: `npm ci`...\n    Running \"npm run build\"\n",
                Some("npm run build"),
            ),
            ("Please repair it.", None),
        ] {
            assert_eq!(build_command(prompt).as_deref(), wanted, "{prompt}");
        }
    }
}
