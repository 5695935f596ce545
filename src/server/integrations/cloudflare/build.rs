//! How Cloudflare builds a Pages project or a Worker, beside what its settings say: Wrangler's file, and what is
//! printed.

use crate::server::integrations::{BuildSettings, RepositoryFiles};
use serde::Deserialize;

/// The part of Wrangler's file that is about builds. Source: Cloudflare's page on Wrangler configuration.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrangler {
    build: CustomBuild,
    pages_build_output_dir: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CustomBuild {
    command: Option<String>,
    cwd: Option<String>,
}

/// What `wrangler.jsonc`, `.json` or `.toml` says, the first of them that is there. One that cannot be read says
/// nothing.
pub fn in_files(files: &dyn RepositoryFiles) -> BuildSettings {
    let json = || files.in_project("wrangler.jsonc").or_else(|| files.in_project("wrangler.json"));
    let wrangler: Wrangler = match json() {
        Some(text) => json5::from_str(&text).unwrap_or_default(),
        None => toml::from_str(&files.in_project("wrangler.toml").unwrap_or_default()).unwrap_or_default(),
    };
    let CustomBuild { command, cwd } = wrangler.build;
    let command = command.filter(|command| !command.trim().is_empty());
    BuildSettings {
        build_command: match (command, cwd) {
            (Some(command), Some(folder)) => Some(format!("cd {} && {command}", quoted(&folder))),
            (command, _) => command,
        },
        output_directory: wrangler.pages_build_output_dir,
        ..BuildSettings::default()
    }
}

/// One word of a shell command.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What stands for a Worker's deploy command where nothing may be deployed: Wrangler bundles without uploading.
/// `None` for other commands: nobody knows what they would do.
fn rehearsal(deploy_command: &str) -> Option<String> {
    let words: Vec<&str> = deploy_command.split_whitespace().collect();
    let wrangler = words.iter().position(|word| *word == "wrangler" || word.ends_with("/wrangler"))?;
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@=".contains(c));
    let deploys = matches!(words.get(wrangler + 1..)?, ["deploy", ..] | ["versions", "upload", ..]);
    (deploys && words.iter().all(|word| plain(word))).then(|| format!("{} --dry-run", words.join(" ")))
}

/// The commands and the version that the log says were used.
pub fn in_log(lines: &[String]) -> BuildSettings {
    let mut settings = BuildSettings::default();
    for line in lines {
        let after = |start: &str| line.strip_prefix(start).map(|rest| rest.trim().to_owned());
        let build = after("Executing user command: ").or_else(|| after("Executing user build command: "));
        settings.build_command = settings.build_command.or(build);
        // Only a log that came so far says that the deploy has to be seen to pass.
        let deploy = after("Executing user deploy command: ");
        settings.after_build = settings.after_build.or(deploy.as_deref().and_then(rehearsal));
        settings.install_command =
            settings.install_command.or_else(|| after("Installing project dependencies: "));
        if let Some(tools) = line.strip_prefix("Detected the following tools from environment: ") {
            let node = tools.split(", ").find_map(|tool| tool.strip_prefix("nodejs@"));
            settings.node_version = node.map(str::to_owned).or(settings.node_version);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    struct OneFile(&'static str, &'static str);

    impl RepositoryFiles for OneFile {
        fn at_root(&self, _name: &str) -> Option<String> {
            None
        }

        fn in_project(&self, name: &str) -> Option<String> {
            (name == self.0).then(|| self.1.to_owned())
        }
    }

    #[rstest]
    #[case::toml("wrangler.toml", "name = \"api\"\n[build]\ncommand = \"npm run bundle\"\n[vars]\nA = 1\n")]
    #[case::jsonc(
        "wrangler.jsonc",
        "{\n  // what builds\n  \"build\": {\"command\": \"npm run bundle\",},\n}"
    )]
    #[case::json("wrangler.json", "{\"build\":{\"command\":\"npm run bundle\"}}")]
    fn wranglers_file_names_the_build(#[case] name: &'static str, #[case] text: &'static str) {
        let settings = in_files(&OneFile(name, text));
        assert_eq!(settings.build_command.as_deref(), Some("npm run bundle"));
    }

    #[test]
    fn a_folder_is_gone_to_whatever_its_name() {
        let text = "pages_build_output_dir = \"dist\"\n[build]\ncommand = \"make\"\ncwd = \"it's; rm\"\n";
        let settings = in_files(&OneFile("wrangler.toml", text));
        assert_eq!(settings.build_command.as_deref(), Some(r"cd 'it'\''s; rm' && make"));
        assert_eq!(settings.output_directory.as_deref(), Some("dist"));
    }

    #[rstest]
    #[case("wrangler.toml", "[build")]
    #[case("wrangler.jsonc", "{\"build\": 7}")]
    #[case("package.json", "{}")]
    fn a_file_that_cannot_be_read_says_nothing(#[case] name: &'static str, #[case] text: &'static str) {
        assert_eq!(in_files(&OneFile(name, text)), BuildSettings::default());
    }

    #[rstest]
    #[case("npx wrangler deploy", Some("npx wrangler deploy --dry-run"))]
    #[case("npx wrangler deploy --env=staging", Some("npx wrangler deploy --env=staging --dry-run"))]
    #[case("npx wrangler versions upload", Some("npx wrangler versions upload --dry-run"))]
    #[case("./node_modules/.bin/wrangler deploy", Some("./node_modules/.bin/wrangler deploy --dry-run"))]
    #[case("npx wrangler deploy; curl example.com", None)]
    #[case("npx wrangler d1 migrations apply DB", None)]
    #[case("make deploy", None)]
    #[case("", None)]
    fn a_deploy_is_rehearsed(#[case] command: &str, #[case] expected: Option<&str>) {
        assert_eq!(rehearsal(command).as_deref(), expected);
    }

    #[test]
    fn the_log_names_commands_and_version() {
        let log = [
            "Executing user deploy command: npx wrangler deploy",
            "Detected the following tools from environment: npm@10.9.2, nodejs@22.16.0",
            "Installing project dependencies: npm clean-install --progress=false",
            "Executing user command: npm run build",
        ];
        let settings = in_log(&log.map(str::to_owned));
        assert_eq!(settings.install_command.as_deref(), Some("npm clean-install --progress=false"));
        assert_eq!(settings.build_command.as_deref(), Some("npm run build"));
        assert_eq!(settings.after_build.as_deref(), Some("npx wrangler deploy --dry-run"));
        assert_eq!(settings.node_version.as_deref(), Some("22.16.0"));
    }
}
