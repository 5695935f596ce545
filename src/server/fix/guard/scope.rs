//! Where a change may reach: the project, and not the settings of Git, editors, shells and package managers.

use super::{Input, Objections, kinds};

/// Folders, at any depth, whose files act on machines of people rather than on the project, or are made by tools.
const FOLDERS: &[&str] = &[
    ".ssh",
    ".aws",
    ".docker",
    ".kube",
    ".gnupg",
    ".config",
    ".husky",
    ".vscode",
    ".idea",
    ".devcontainer",
    ".cargo",
    "node_modules",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".vercel",
    ".turbo",
    ".wrangler",
    ".output",
    ".opencode",
    ".claude",
    ".cursor",
];
/// Files, at any depth, of the same kind.
const FILES: &[&str] = &[
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".pypirc",
    ".netrc",
    ".gitconfig",
    ".git-credentials",
    ".gitmodules",
    ".gitattributes",
    ".mailmap",
    ".bashrc",
    ".bash_profile",
    ".zshrc",
    ".profile",
    ".envrc",
    ".editorconfig",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "opencode.json",
    "AGENTS.md",
    "CLAUDE.md",
    "CODEOWNERS",
];

pub(super) fn scope(input: &Input<'_>) -> Objections {
    let mut objections = Vec::new();
    for file in &input.files {
        for path in [file.old_path, file.path] {
            let in_folder = kinds::folder(path).split('/').any(|part| FOLDERS.contains(&part));
            let objection = if in_folder || FILES.contains(&kinds::name(path)) {
                format!("{path}: settings of tools or files made by them")
            } else if !belongs(path, input) {
                format!("{path}: outside the project")
            } else {
                continue;
            };
            if !objections.contains(&objection) {
                objections.push(objection);
            }
        }
    }
    objections
}

/// In the project's folder; or a manifest, lockfile or compiler setting at the root of the repository, which a
/// project in a workspace shares; or in a package that the finding points at.
fn belongs(path: &str, input: &Input<'_>) -> bool {
    let Some(root) = input.bounds.root_directory.as_deref().map(|root| root.trim_matches(['/', '.'])) else {
        return true;
    };
    let under = |folder: &str| {
        folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let shared = kinds::folder(path).is_empty()
        && (kinds::is_manifest(path) || kinds::is_lockfile(path) || kinds::is_tsconfig(path));
    let named = input.finding.affected_files.iter().any(|named| {
        let package: Vec<_> = kinds::folder(named).split('/').take(2).collect();
        named == path || (package.len() == 2 && under(&package.join("/")))
    });
    under(root) || shared || named
}
