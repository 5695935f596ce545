//! Turns a path into what kind of file it is.

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a path, without a slash at its end; empty at the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last ending in lowercase, without its dot; empty when there is none.
pub(super) fn ending(path: &str) -> String {
    name(path).rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_ascii_lowercase())
}

/// Text for people, in which a word like `eslint-disable` does nothing.
pub(super) fn is_prose(path: &str) -> bool {
    matches!(ending(path).as_str(), "md" | "markdown" | "txt" | "rst" | "adoc") || name(path) == "LICENSE"
}

/// JavaScript and TypeScript, also inside components.
pub(super) fn is_script(path: &str) -> bool {
    is_typed(path) || matches!(ending(path).as_str(), "js" | "jsx" | "mjs" | "cjs")
}

/// Files that a TypeScript compiler checks.
pub(super) fn is_typed(path: &str) -> bool {
    matches!(ending(path).as_str(), "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" | "astro")
}

/// Tests, their helpers and their snapshots.
pub(super) fn is_test(path: &str) -> bool {
    let name = name(path);
    // The last part, too: it may be a link to such a folder, or the script that runs them.
    let in_folder = path.split('/').any(|part| {
        matches!(
            part,
            "__tests__" | "__snapshots__" | "test" | "tests" | "spec" | "specs" | "e2e" | "cypress"
        )
    });
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let by_name = [".test.", ".spec.", ".cy.", ".e2e."].iter().any(|part| name.contains(part))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || name == "conftest.py"
        || name.ends_with(".snap");
    in_folder || by_name
}

/// What package managers write.
pub(super) fn is_lockfile(path: &str) -> bool {
    matches!(
        name(path),
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "bun.lock"
            | "bun.lockb"
            | "deno.lock"
            | "Cargo.lock"
            | "poetry.lock"
            | "uv.lock"
            | "pdm.lock"
            | "Pipfile.lock"
            | "Gemfile.lock"
            | "composer.lock"
            | "go.sum"
    )
}

/// What people write for package managers.
pub(super) fn is_manifest(path: &str) -> bool {
    let name = name(path);
    matches!(
        name,
        "package.json"
            | "pnpm-workspace.yaml"
            | "deno.json"
            | "deno.jsonc"
            | "Cargo.toml"
            | "pyproject.toml"
            | "Pipfile"
            | "Gemfile"
            | "composer.json"
            | "go.mod"
    ) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

/// `tsconfig.json`, `tsconfig.app.json`, `jsconfig.json`.
pub(super) fn is_tsconfig(path: &str) -> bool {
    let name = name(path);
    name.ends_with(".json") && (name.starts_with("tsconfig") || name.starts_with("jsconfig"))
}

/// Settings of linters.
pub(super) fn is_lint_config(path: &str) -> bool {
    let name = name(path);
    name.starts_with(".eslintrc")
        || name.starts_with("eslint.config.")
        || name.starts_with(".oxlintrc")
        || name.starts_with(".stylelintrc")
        || matches!(name, "biome.json" | "biome.jsonc" | "tslint.json" | "ruff.toml" | ".flake8" | "mypy.ini")
}

/// Lists of files that tools are to skip.
pub(super) fn is_ignore_list(path: &str) -> bool {
    matches!(
        name(path),
        ".eslintignore" | ".stylelintignore" | ".biomeignore" | ".vercelignore" | ".dockerignore"
    )
}
