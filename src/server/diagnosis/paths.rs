//! A path as a tool printed it → the same file relative to the repository, or nothing when it is not the project's.

use regex::Regex;
use std::sync::LazyLock;

/// Endings of files that a person edits.
const ENDINGS: &str = "tsx|ts|mts|cts|jsx|json5|jsonc|json|js|mjs|cjs|vue|svelte|astro|pyi|py|rs|go|rb|php|java|kts|kt|cs|css|scss|sass|less|html|mdx|md|yaml|yml|toml|prisma|graphql|gql|sql|gradle|sh|njk|hbs|ejs|pug|liquid|erb|haml|csproj|fsproj|vbproj|exs|ex|heex|gemspec|cpp|hpp|cc|c|h";

static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let part = r"[\w@~+.()\[\]$%&=-]+";
    Regex::new(&format!(
        r"(?:file://)?(?:[A-Za-z]:[\\/]|\.{{0,2}}[\\/])?(?:{part}[\\/])*{part}\.(?:{ENDINGS})\b"
    ))
    .ok()
});

/// Where platforms and runners put the repository.
const PLATFORM_ROOTS: [&str; 14] = [
    "/vercel/workpath0/",
    "/vercel/path0/",
    "/vercel/path1/",
    "/opt/render/project/src/",
    "/opt/buildhome/repo/",
    "/opt/buildhome/clone/",
    "/opt/build/repo/",
    "/github/workspace/",
    "/usr/src/app/",
    "/home/circleci/project/",
    "/root/project/",
    "/home/vsts/work/1/s/",
    "/drone/src/",
    "/opt/atlassian/pipelines/agent/build/",
];

/// Where images often put it; what the log shows about the machine goes first.
const IMAGE_ROOTS: [&str; 10] = [
    "/workspace/",
    "/code/",
    "/repo/",
    "/var/task/",
    "/app/",
    "/src/",
    "/opt/app/",
    "/usr/app/",
    "/home/app/",
    "/var/www/html/",
];

/// Folders below which nothing is a source file of the project.
const GENERATED: [&str; 30] = [
    ".netlify",
    ".wrangler",
    ".open-next",
    "functions-internal",
    "immutable",
    ".cache",
    ".angular",
    ".docusaurus",
    ".expo",
    ".turbo",
    ".vinxi",
    ".parcel-cache",
    "node_modules",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".vercel",
    ".astro",
    ".yarn",
    "site-packages",
    "dist-packages",
    ".cargo",
    ".rustup",
    ".venv",
    ".gems",
    ".bundle",
    ".gradle",
    ".m2",
    ".hex",
];

/// Folders that projects have at their top.
const TOPS: [&str; 16] = [
    "src",
    "app",
    "pages",
    "components",
    "lib",
    "server",
    "api",
    "packages",
    "apps",
    "scripts",
    "content",
    "layouts",
    "public",
    "tests",
    "test",
    "backend",
];

/// Every path on a line, as printed.
pub(super) fn on_line(text: &str) -> Vec<&str> {
    let Some(pattern) = PATH.as_ref() else { return Vec::new() };
    pattern
        .find_iter(text)
        .filter(|found| {
            // An address, or `Node.js`, is no file.
            let before = &text[..found.start()];
            !before.ends_with("//")
                && !before.ends_with(":/")
                && !found.as_str().eq_ignore_ascii_case("node.js")
        })
        .map(|found| unwrapped(found.as_str()))
        .collect()
}

/// `(src/a.ts` → `src/a.ts`, but `(group)/a.ts` stays.
fn unwrapped(path: &str) -> &str {
    let path = if path.starts_with('(') && !path.contains(')') { &path[1..] } else { path };
    if path.starts_with('[') && !path.contains(']') { &path[1..] } else { path }
}

/// The path relative to the repository. `root` is a folder of this machine that the log showed to be the
/// repository; `prefix` is the folder of the repository that the build runs in.
pub(super) fn relative(path: &str, root: Option<&str>, prefix: Option<&str>) -> Option<String> {
    let path = path.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ' ' | ',' | ':'));
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    let path = path.split(['?', '#']).next().unwrap_or("");
    // webpack writes `~` for the folder of packages.
    if path.starts_with("~/") {
        return None;
    }
    // pnpm shortens long folders to `...`; a bundler's unfinished name holds `!~{`.
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_ending = ["d.", "web.", "ios.", "android.", "native."]
        .iter()
        .any(|ending| name.strip_prefix('.').is_some_and(|name| name.starts_with(ending)));
    if is_ending || !name.contains(|c: char| c.is_ascii_alphanumeric()) || name.starts_with('~') {
        return None;
    }
    if path.starts_with("[repo]/[")
        || path.starts_with(".../")
        || path.contains("!~{")
        || path.starts_with("vue&")
    {
        return None;
    }
    // ts-loader appends its ending to files that hold TypeScript.
    let path = path.strip_suffix(".ts").filter(|path| path.ends_with(".vue")).unwrap_or(path);
    if path.is_empty() || path.contains("//") || path.len() > 300 {
        return None;
    }
    let (path, absolute) = match strip_root(path, root) {
        Some(inside) => (inside, true),
        None if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') => {
            (from_known_folder(path)?, true)
        }
        None => (path.to_owned(), false),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    // Node.js prints its own modules as `internal/…` in old versions.
    let is_of_node = parts.first() == Some(&"internal") && path.ends_with(".js");
    if is_of_node || parts.iter().any(|part| part.starts_with("node_modules")) {
        return None;
    }
    if parts.is_empty() || parts.iter().any(|part| GENERATED.contains(part)) || parts[0] == "dist" {
        return None;
    }
    let path = parts.join("/");
    match prefix.map(|prefix| prefix.trim_matches('/')).filter(|prefix| !prefix.is_empty() && *prefix != ".")
    {
        Some(prefix) if !absolute && !path.starts_with(&format!("{prefix}/")) => {
            Some(format!("{prefix}/{path}"))
        }
        _ => Some(path),
    }
}

/// A folder of a build machine → the same folder relative to the repository; `None` for the repository itself, and
/// where it is not known to be inside it.
pub(super) fn folder_in_repository(folder: &str) -> Option<&str> {
    let inside = PLATFORM_ROOTS.iter().find_map(|known| folder.strip_prefix(known)).or_else(|| {
        let runner = folder.strip_prefix("/home/runner/work/")?;
        runner.splitn(3, '/').nth(2)
    })?;
    (!inside.is_empty()).then_some(inside)
}

fn strip_root(path: &str, root: Option<&str>) -> Option<String> {
    if let Some(inside) = PLATFORM_ROOTS.iter().find_map(|known| path.strip_prefix(known)) {
        return Some(inside.to_owned());
    }
    let root = root.map(|root| root.replace('\\', "/"));
    if let Some(root) = &root
        && let Some(inside) = path.strip_prefix(root.trim_end_matches('/'))
        && let Some(inside) = inside.strip_prefix('/')
    {
        return Some(inside.to_owned());
    }
    // GitHub's runners: /home/runner/work/NAME/NAME/.
    for (runner, folders) in [
        ("/home/runner/work/", 2),
        ("/__w/", 2),
        ("/home/travis/build/", 2),
        ("/builds/", 2),
        ("/codebuild/output/", 2),
        ("/tmp/build_", 1),
        ("/root/", 1),
    ] {
        if let Some(rest) = path.strip_prefix(runner) {
            // Of a home folder the hidden ones, and Go's, are caches.
            if runner == "/root/" && (rest.starts_with('.') || rest.starts_with("go/")) {
                return None;
            }
            return rest.splitn(folders + 1, '/').nth(folders).map(str::to_owned);
        }
    }
    IMAGE_ROOTS.iter().find_map(|known| path.strip_prefix(known)).map(str::to_owned)
}

/// An absolute path of an unknown machine, from the first folder that projects have at their top.
fn from_known_folder(path: &str) -> Option<String> {
    const NOT_A_PROJECT: [&str; 6] = ["/usr/", "/lib/", "/bin/", "/etc/", "/nix/", "/tmp/"];
    // Languages keep their own library in folders that projects have, too.
    const LANGUAGES: [&str; 6] =
        ["/nptl/", "/lib/python", "/lib/ruby/", "/pkg/mod/", "/vendor/bundle/", "/lib/node_modules/"];
    if NOT_A_PROJECT.iter().any(|system| path.starts_with(system))
        || LANGUAGES.iter().any(|language| path.contains(language))
    {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| GENERATED.contains(part)) {
        return None;
    }
    let top = parts.iter().skip(2).position(|part| TOPS.contains(part))? + 2;
    Some(parts[top..].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("./src/a.ts", Some("src/a.ts"))]
    #[case("/vercel/path0/app/[id]/page.tsx", Some("app/[id]/page.tsx"))]
    #[case("/opt/render/project/src/src/main.py", Some("src/main.py"))]
    #[case("file:///vercel/path0/scripts/build.js", Some("scripts/build.js"))]
    #[case("/home/runner/work/shop/shop/app/page.tsx", Some("app/page.tsx"))]
    #[case("/home/someone/shop/src/a.ts", Some("src/a.ts"))]
    #[case("C:\\Users\\x\\shop\\components\\Card.vue", Some("components/Card.vue"))]
    #[case("src\\bin\\demo.rs", Some("src/bin/demo.rs"))]
    #[case("/vercel/path0/node_modules/vite/dist/cli.js", None)]
    #[case(".next/server/app/page.js", None)]
    #[case("/usr/lib/python3.11/ast.py", None)]
    #[case(".../bcrypt@5.0.1/node_modules/bcrypt/binding.js", None)]
    #[case("~/typeit/dist/typeit.js", None)]
    #[case(".d.ts", None)]
    #[case(".web.tsx", None)]
    #[case(".eslintrc.json", Some(".eslintrc.json"))]
    #[case("[repo]/[gatsby-plugin-netlify]/plugin-data.js", None)]
    #[case("src/pages/Settings.vue.ts", Some("src/pages/Settings.vue"))]
    #[case("/vercel/workpath0/pages/index.js", Some("pages/index.js"))]
    #[case("/opt/render/tools/Python-3.13.4/lib/python3.13/ssl.py", None)]
    #[case("/node_modules/@acme/plugin/src/index.js", None)]
    #[case("/home/someone/go/pkg/mod/github.com/a/b/api/c.go", None)]
    #[case("/root/shop/cart/src/main/java/Cart.java", Some("cart/src/main/java/Cart.java"))]
    #[case("/root/.cache/x.py", None)]
    #[case("internal/process/task_queues.js", None)]
    #[case("internal/db/db.go", Some("internal/db/db.go"))]
    #[case("/opt/app/config/prod.exs", Some("config/prod.exs"))]
    #[case("/home/travis/build/acme/shop/_posts/a.md", Some("_posts/a.md"))]
    #[case("../../packages/ui/src/a.ts", Some("packages/ui/src/a.ts"))]
    fn makes_paths_relative(#[case] path: &str, #[case] expected: Option<&str>) {
        assert_eq!(relative(path, None, None).as_deref(), expected);
    }

    #[test]
    fn a_root_directory_goes_in_front_of_relative_paths_only() {
        assert_eq!(relative("src/a.ts", None, Some("apps/web")).as_deref(), Some("apps/web/src/a.ts"));
        assert_eq!(
            relative("/vercel/path0/apps/web/src/a.ts", None, Some("apps/web")).as_deref(),
            Some("apps/web/src/a.ts")
        );
    }

    #[test]
    fn finds_paths_on_a_line() {
        assert_eq!(
            on_line("    at f (/opt/render/project/src/a/b.js:15:8)"),
            ["/opt/render/project/src/a/b.js"]
        );
        assert_eq!(
            on_line("see https://nextjs.org/docs/a.html and ./app/(shop)/page.tsx:3"),
            ["./app/(shop)/page.tsx"]
        );
        assert_eq!(on_line("Node.js v20.20.2"), Vec::<&str>::new());
    }
}
