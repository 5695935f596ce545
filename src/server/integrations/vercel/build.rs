//! How Vercel builds a project, beside what its settings say: `vercel.json`, scripts, and what it prints.

use crate::server::integrations::{BuildSettings, RepositoryFiles};
use serde::Deserialize;

/// A script of that name comes before `build`.
pub const SCRIPTS: &[&str] = &["vercel-build", "build"];

/// The part of `vercel.json` that is about the build. Source: Vercel's page on project configuration.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    install_command: Option<String>,
    build_command: Option<String>,
    output_directory: Option<String>,
}

/// What `vercel.json` says. One that cannot be read says nothing: Vercel would not have started the build.
pub fn in_files(files: &dyn RepositoryFiles) -> BuildSettings {
    let text = files.in_project("vercel.json").unwrap_or_default();
    let file: File = serde_json::from_str(&text).unwrap_or_default();
    BuildSettings {
        install_command: file.install_command,
        build_command: file.build_command,
        output_directory: file.output_directory,
        ..BuildSettings::default()
    }
}

/// The commands that the log says were run.
pub fn in_log(lines: &[String]) -> BuildSettings {
    let mut settings = BuildSettings::default();
    for line in lines {
        let install = line.strip_prefix("Running \"install\" command: `");
        if let Some(command) = install.and_then(|rest| rest.rsplit_once('`')) {
            settings.install_command.get_or_insert_with(|| command.0.to_owned());
        } else if let Some(command) = line.strip_prefix("Running \"").and_then(|rest| rest.strip_suffix('"'))
            && command != "vercel build"
        {
            settings.build_command.get_or_insert_with(|| command.to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_the_commands() {
        let log = [
            "Running \"vercel build\"",
            "Vercel CLI 48.10.2",
            "Running \"install\" command: `pnpm install`...",
            "Running \"pnpm run build\"",
            "Running \"postbuild\"",
        ];
        let settings = in_log(&log.map(str::to_owned));
        assert_eq!(settings.install_command.as_deref(), Some("pnpm install"));
        assert_eq!(settings.build_command.as_deref(), Some("pnpm run build"));
    }
}
