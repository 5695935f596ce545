//! Which file of a kind a repair touches: what a log shows of a manifest's or a project's folder.

use super::{clean, lines::Lines};

/// How far from an error its manifest may be named, in lines.
const REACH: (usize, usize) = (60, 15);

/// The file is of the kind that `name` stands for: of that name, or a Dockerfile of another name.
pub(super) fn is_kind(file: &str, name: &str) -> bool {
    let last = file.rsplit('/').next().unwrap_or(file);
    let requirements = |name: &str| name.starts_with("requirements") && name.ends_with(".txt");
    last == name
        || (name == "Dockerfile" && last.contains("ockerfile"))
        || (name == "requirements.txt" && (requirements(last) || file.contains("requirements/")))
}

/// The one path near the line that ends with the name and has a folder, or another form of the same file
/// (`wrangler.jsonc` for `wrangler.toml`). Several different ones say nothing.
pub(super) fn shown<L: Lines + ?Sized>(
    lines: &L,
    line: usize,
    name: &str,
    relative: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    // What the log has when the project uses another form, and that form.
    let other_forms: &[(&str, &str)] = match name {
        "wrangler.toml" => &[("wrangler.jsonc", "wrangler.jsonc"), ("wrangler.json", "wrangler.json")],
        "pyproject.toml" => &[("requirements.txt", "requirements.txt")],
        "requirements.txt" => &[
            ("poetry install", "pyproject.toml"),
            ("poetry.lock", "pyproject.toml"),
            ("uv sync", "pyproject.toml"),
            ("Pipfile", "Pipfile"),
        ],
        _ => &[],
    };
    let (mut other, mut is_named) = (None, false);
    let near = line.saturating_sub(REACH.0)..(line + REACH.1).min(lines.count());
    let mut found: Vec<String> = Vec::new();
    for at in near {
        let Some(text) = lines.line(at) else { continue };
        let text = clean::text(clean::cut(text, 1_000));
        other = other.or_else(|| other_forms.iter().find(|(mark, _)| text.contains(mark)));
        is_named |= text.contains(name) || (name == "pyproject.toml" && text.contains("your project"));
        for (start, _) in text.match_indices(name) {
            let is_in_path = |c: char| c.is_alphanumeric() || "_@~+./\\-".contains(c);
            if text[start + name.len()..].starts_with(|c: char| is_in_path(c) && c != '.') {
                continue;
            }
            let head = text[..start].trim_end_matches(is_in_path).len();
            let path = &text[head..start + name.len()];
            if path.len() == name.len() || !path[..path.len() - name.len()].ends_with('/') {
                continue;
            }
            if let Some(file) = relative(path).filter(|file| is_kind(file, name))
                && !found.contains(&file)
            {
                found.push(file);
            }
        }
    }
    match other {
        Some((_, form)) if !is_named => Some((*form).to_owned()),
        _ if found.len() == 1 => found.pop(),
        _ => None,
    }
}

/// ``required by package `web v0.1.0 (/app/web)` `` → `/app/web/Cargo.toml`.
pub(super) fn cargo_manifest(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("required by package `")?;
    let folder = rest.split_once('(')?.1.split_once(')')?.0;
    (folder.starts_with('/') && folder.len() > 1)
        .then(|| format!("{}/Cargo.toml", folder.trim_end_matches('/')))
}

/// `Cart.cs(1,2): error CS1: x [/src/Shop/Shop.csproj]`: MSBuild prints files relative to the project.
pub(super) fn in_msbuild_project(text: &str, file: &str) -> Option<String> {
    if file.starts_with('/') || file.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let project = text.trim_end().strip_suffix("proj]")?.rsplit_once('[')?.1.replace('\\', "/");
    let (folder, _) = project.rsplit_once('/')?;
    Some(format!("{folder}/{}", file.replace('\\', "/")))
}

/// `media/intro.mp4 is 40.5 MB in size`.
pub(super) fn measured(text: &str) -> Option<&str> {
    let (path, rest) = text.trim_start_matches("- ").split_once(" is ")?;
    let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_size = rest.len() > unit.len() && unit.ends_with("B in size") && unit.len() < 16;
    (is_size && !path.contains(' ')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn as_is(path: &str) -> Option<String> {
        Some(path.trim_start_matches("/repo/").to_owned())
    }

    #[rstest]
    #[case(&["Collecting a (from -r /repo/api/requirements.txt (line 6))"], "requirements.txt", Some("api/requirements.txt"))]
    #[case(&["-r a/requirements.txt", "-r b/requirements.txt"], "requirements.txt", None)]
    #[case(&["pip install -r requirements.txt"], "requirements.txt", None)]
    #[case(&["see a/requirements.txtx and a-requirements.txt"], "requirements.txt", None)]
    #[case(&["Or create a \"wrangler.jsonc\" file containing:"], "wrangler.toml", Some("wrangler.jsonc"))]
    #[case(&["$ poetry install"], "requirements.txt", Some("pyproject.toml"))]
    #[case(&["pip install -r requirements.txt", "pyproject.toml"], "requirements.txt", None)]
    #[case(&["no wrangler.toml, wrangler.json or wrangler.jsonc"], "wrangler.toml", None)]
    fn finds_the_file_that_the_log_shows(
        #[case] log: &[&str],
        #[case] name: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(shown(log, 0, name, as_is).as_deref(), expected);
    }

    #[test]
    fn knows_the_manifest_of_a_cargo_package() {
        let text = "required by package `web v0.1.0 (/app/web)`";
        assert_eq!(cargo_manifest(text).as_deref(), Some("/app/web/Cargo.toml"));
        assert_eq!(cargo_manifest("required by package `web v0.1.0`"), None);
    }

    #[test]
    fn knows_the_folder_of_a_dotnet_project() {
        let text = "A/Cart.cs(1,2): error CS1: x [/src/Shop/Shop.csproj]";
        assert_eq!(in_msbuild_project(text, "A/Cart.cs").as_deref(), Some("/src/Shop/A/Cart.cs"));
        assert_eq!(in_msbuild_project("/a/Cart.cs(1,2): error CS1: x [/a/S.csproj]", "/a/Cart.cs"), None);
    }

    #[test]
    fn knows_a_file_by_its_size() {
        assert_eq!(measured("media/intro.mp4 is 40.5 MB in size"), Some("media/intro.mp4"));
        assert_eq!(measured("The size is 40.5 MB in size"), None);
    }
}
