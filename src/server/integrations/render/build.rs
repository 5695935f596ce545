//! How Render builds a service, beside what its settings say: `render.yaml`, and what it prints.

use crate::server::integrations::{BuildSettings, ProjectRef, RepositoryFiles};
use serde::Deserialize;

/// The part of `render.yaml` that is about builds. Source: Render's Blueprint specification.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Blueprint {
    services: Vec<Service>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Service {
    name: Option<String>,
    root_dir: Option<String>,
    build_command: Option<String>,
    static_publish_path: Option<String>,
}

/// What the Blueprint says about the service of that name. One that cannot be read says nothing.
pub fn in_files(project: &ProjectRef, files: &dyn RepositoryFiles) -> BuildSettings {
    let text = files.at_root("render.yaml").unwrap_or_default();
    let blueprint: Blueprint = serde_saphyr::from_str(&text).unwrap_or_default();
    let mut services = blueprint.services.into_iter();
    let Some(service) = services.find(|service| service.name.as_ref() == Some(&project.name)) else {
        return BuildSettings::default();
    };
    BuildSettings {
        root_directory: service.root_dir,
        install_command: service.build_command.as_ref().map(|_| NOTHING.to_owned()),
        build_command: service.build_command,
        output_directory: service.static_publish_path,
        ..BuildSettings::default()
    }
}

/// Render has one command, which installs and builds.
pub const NOTHING: &str = "";

/// The command and the version that the log says were used.
pub fn in_log(lines: &[String]) -> BuildSettings {
    let mut settings = BuildSettings::default();
    for line in lines {
        let line = line.trim_start_matches("==> ");
        let command = line.strip_prefix("Running build command '").and_then(|rest| rest.strip_suffix("'..."));
        if let Some(command) = command {
            settings.build_command.get_or_insert_with(|| command.trim().to_owned());
            settings.install_command.get_or_insert_with(|| NOTHING.to_owned());
        } else if let Some(rest) = line.strip_prefix("Using Node.js version ") {
            settings.node_version = rest.split(' ').next().map(str::to_owned).or(settings.node_version);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneFile(&'static str);

    impl RepositoryFiles for OneFile {
        fn at_root(&self, name: &str) -> Option<String> {
            (name == "render.yaml").then(|| self.0.to_owned())
        }

        fn in_project(&self, _name: &str) -> Option<String> {
            None
        }
    }

    fn service() -> ProjectRef {
        ProjectRef { id: "srv-1".into(), name: "api".into() }
    }

    #[test]
    fn the_blueprint_tells_about_the_service_of_that_name() {
        let blueprint = OneFile(
            "services:\n  - type: web\n    name: site\n    buildCommand: make site\n  - type: web\n    name: api\n    \
             runtime: node\n    rootDir: packages/api\n    buildCommand: npm ci && npm run build\n    envVars:\n      - \
             key: A\n        sync: false\ndatabases:\n  - name: db\n",
        );
        let settings = in_files(&service(), &blueprint);
        assert_eq!(settings.root_directory.as_deref(), Some("packages/api"));
        assert_eq!(settings.build_command.as_deref(), Some("npm ci && npm run build"));
        assert_eq!(settings.install_command.as_deref(), Some(""));
        let other = ProjectRef { name: "worker".into(), ..service() };
        assert_eq!(in_files(&other, &blueprint), BuildSettings::default());
    }

    #[test]
    fn a_blueprint_that_cannot_be_read_says_nothing() {
        for text in ["", "services: 7", ": : :", "services:\n  - &a [*a, *a]"] {
            assert_eq!(in_files(&service(), &OneFile(text)), BuildSettings::default(), "{text}");
        }
    }

    #[test]
    fn the_log_names_command_and_version() {
        let log = [
            "==> Using Node.js version 22.16.0 (default)",
            "==> Running build command 'npm install; npm run build'...",
            "added 12 packages",
        ];
        let settings = in_log(&log.map(str::to_owned));
        assert_eq!(settings.build_command.as_deref(), Some("npm install; npm run build"));
        assert_eq!(
            (settings.install_command.as_deref(), settings.node_version.as_deref()),
            (Some(""), Some("22.16.0"))
        );
    }
}
