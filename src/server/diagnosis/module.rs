//! An import's text → a package of a registry, or a file of the project.

/// Folders in which projects keep their own code, as import aliases name them.
const OWN_FOLDERS: [&str; 46] = [
    "src",
    "app",
    "apps",
    "components",
    "component",
    "lib",
    "libs",
    "util",
    "utils",
    "helpers",
    "hooks",
    "pages",
    "views",
    "layouts",
    "layout",
    "styles",
    "style",
    "assets",
    "images",
    "img",
    "public",
    "store",
    "stores",
    "services",
    "service",
    "types",
    "config",
    "constants",
    "context",
    "contexts",
    "features",
    "modules",
    "shared",
    "common",
    "api",
    "data",
    "mocks",
    "interfaces",
    "models",
    "redux",
    "routes",
    "theme",
    "ui",
    "server",
    "client",
    "database",
];

/// Modules that come with Node.js.
const BUILT_IN: [&str; 34] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "querystring",
    "readline",
    "stream",
    "string_decoder",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "worker_threads",
    "zlib",
];

/// Endings of files that are imported as they are.
const ASSETS: [&str; 16] = [
    ".css", ".scss", ".sass", ".less", ".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".ts", ".tsx",
    ".jsx", ".vue", ".svelte", ".astro",
];

/// The text names something that a package registry has: not a path, an alias or a module of Node.js itself.
/// Package names are lower case, which tells `@components/Card` from `@acme/card`.
pub(crate) fn is_package(module: &str) -> bool {
    let module = module.trim();
    if let Some((_, inside)) = module.rsplit_once("node_modules/") {
        return !inside.is_empty();
    }
    if module.is_empty()
        || module.starts_with(['.', '/', '~', '#', '$', '\\'])
        || module.contains([':', '\\', ' ', '!'])
    {
        return false;
    }
    let mut parts = module.split('/');
    let first = parts.next().unwrap_or("");
    let second = parts.next();
    let name = match (first.strip_prefix('@'), second) {
        (Some(""), _) | (Some(_), None) => return false,
        (Some(scope), Some(name)) => {
            if scope != "types" && OWN_FOLDERS.contains(&scope) || has_upper(scope) {
                return false;
            }
            name
        }
        (None, _) => first,
    };
    if has_upper(name) || (second.is_none() && ASSETS.iter().any(|ending| first.ends_with(ending))) {
        return false;
    }
    if second.is_some() && OWN_FOLDERS.contains(&first) {
        return false;
    }
    !BUILT_IN.contains(&first)
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+'))
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The text names a Python module of the project, going by its first part.
pub(crate) fn is_own_python(module: &str) -> bool {
    const OWN: [&str; 14] = [
        "src", "app", "apps", "api", "main", "utils", "config", "models", "core", "settings", "server",
        "backend", "project", "services",
    ];
    OWN.contains(&module.split('.').next().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("react-router-dom", true)]
    #[case("@octokit/rest", true)]
    #[case("lodash-es/debounce", true)]
    #[case("react-datepicker/dist/react-datepicker.css", true)]
    #[case("lodash.merge", true)]
    #[case("/vercel/path0/node_modules/vite/bin/vite.js", true)]
    #[case("./Header", false)]
    #[case("../../mocks/posts", false)]
    #[case("@/ui/SystemReady", false)]
    #[case("~/lib/db", false)]
    #[case("@components/Card", false)]
    #[case("@Components/card", false)]
    #[case("components/Card", false)]
    #[case("$lib/db", false)]
    #[case("#imports", false)]
    #[case("fs", false)]
    #[case("node:fs", false)]
    #[case("figma:asset/a.png", false)]
    #[case("/vercel/path0/scripts/lib.js", false)]
    #[case("C:\\x\\y.js", false)]
    #[case("logo.svg", false)]
    fn tells_packages_from_files(#[case] module: &str, #[case] expected: bool) {
        assert_eq!(is_package(module), expected);
    }
}
