//! Mail addresses in a log → the same text without them. What only looks like one stays: versions of packages, remotes
//! of Git, files, and whoever signs in to a host.

use super::MARK;
use regex::Regex;
use std::{borrow::Cow, ops::Range, sync::LazyLock};

static SHAPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}").ok());

/// Before an `@` that is no mail: the user of Git's remotes, and words of languages that have labels.
const NOBODY: [&str; 4] = ["git", "this", "super", "return"];
/// Ends of files that are no top-level domains: `logo@2x.png`.
const FILES: [&str; 30] = [
    "avif", "bin", "cjs", "css", "cts", "gif", "gz", "html", "ico", "jpeg", "jpg", "js", "json", "jsx",
    "lock", "log", "map", "mjs", "mts", "png", "scss", "svelte", "svg", "tar", "tgz", "toml", "ts", "tsx",
    "txt", "webp",
];
/// How far back the scheme of an address is looked for.
const BACK: usize = 256;

/// The text with every mail address replaced by [`MARK`].
pub(super) fn hide(text: &str) -> Cow<'_, str> {
    let Some(shape) = SHAPE.as_ref().filter(|_| text.contains('@')) else { return Cow::Borrowed(text) };
    let mut out = String::new();
    let mut kept = 0;
    for found in shape.find_iter(text).filter(|found| is_mail(text, found.range())) {
        out.push_str(&text[kept..found.start()]);
        out.push_str(MARK);
        kept = found.end();
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

fn is_mail(text: &str, Range { start, end }: Range<usize>) -> bool {
    let Some((local, domain)) = text[start..end].split_once('@') else { return false };
    let before = text[..start].chars().next_back();
    !NOBODY.contains(&local)
        // A part of a path, of a scope, or of a longer word.
        && !before.is_some_and(|letter| matches!(letter, '/' | '@') || letter.is_alphanumeric())
        && !signs_in(&text[..start])
        && is_domain(domain)
        && ends_there(&text[end..])
}

/// `https://user:` stands before it: the part before the `@` is a password or a user.
fn signs_in(before: &str) -> bool {
    let near = (before.len().saturating_sub(BACK)..=before.len()).find(|at| before.is_char_boundary(*at));
    let near = &before[near.unwrap_or(before.len())..];
    let authority = near.rfind("://").map(|at| &near[at + 3..]);
    authority.is_some_and(|rest| {
        !rest.contains(|letter: char| letter.is_whitespace() || "/?#\"'<>`".contains(letter))
    })
}

/// Neither a version (`15.0.0-canary.next`) nor a file.
fn is_domain(domain: &str) -> bool {
    let mut labels = domain.split('.');
    let first = labels.next().unwrap_or_default();
    let second = labels.next().unwrap_or_default();
    let number = first.strip_prefix('v').unwrap_or(first);
    let digits = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    let version = digits(number) && second.starts_with(|letter: char| letter.is_ascii_digit());
    let scaled = first.strip_suffix('x').is_some_and(digits);
    let file =
        domain.rsplit('.').next().is_some_and(|end| FILES.iter().any(|file| end.eq_ignore_ascii_case(file)));
    let whole = domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
    whole && !version && !scaled && !file
}

/// A path (`host:owner/repo`), a call or a longer word goes on.
fn ends_there(after: &str) -> bool {
    let mut letters = after.chars();
    let (first, second) = (letters.next(), letters.next());
    let goes_on =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    match first {
        Some(':') => !goes_on(second) && !matches!(second, Some('/' | '~' | '.')),
        Some('.' | '/' | '-') => !goes_on(second),
        Some('@' | '(' | '%') => false,
        other => !goes_on(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Author: Jane Doe <jane.doe@example.com>", "Author: Jane Doe <[redacted]>")]
    #[case("jane+ci@mail.example.co.uk pushed", "[redacted] pushed")]
    #[case("\"email\":\"jane@163.com\"", "\"email\":\"[redacted]\"")]
    #[case("mailto:jane@example.com.", "mailto:[redacted].")]
    #[case("a@example.org, b@example.org: unknown user", "[redacted], [redacted]: unknown user")]
    #[case("GET /unsubscribe?to=jane@example.com", "GET /unsubscribe?to=[redacted]")]
    #[case("https://a.b/c?email=jane@example.com&x=1", "https://a.b/c?email=[redacted]&x=1")]
    #[case("é <jane@example.com>é", "é <[redacted]>é")]
    fn addresses_go(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(hide(text), expected);
        assert_eq!(hide(&hide(text)), expected);
    }

    #[rstest]
    #[case("git@github.com:owner/repo")]
    #[case("git@github.com: Permission denied (publickey).")]
    #[case("ssh://git@github.com/owner/repo.git")]
    #[case("deploy@build.example.com:apps/shop.git")]
    #[case("name@1.2.3")]
    #[case("next@15.0.0-canary.abc")]
    #[case("actions/checkout@v4.1.1")]
    #[case("owner/action@v4.2.0-rc.next")]
    #[case("@scope/pkg@^1.0.0")]
    #[case("@types/node@20.1.1-beta.next")]
    #[case("react@npm:^19.0.0")]
    #[case("https://user:pass@host.example.com/path")]
    #[case("https://user@host.example.com")]
    #[case("npm error 404 Not Found - GET https://registry.npmjs.org/@acme%2fui - Not found")]
    #[case("Could not resolve \"./logo@2x.png\" from \"src/app.tsx\"")]
    #[case("icon@dark.svg is missing")]
    #[case("error: 'this@MainActivity.applicationContext' is not a value")]
    #[case("node_modules/.pnpm/react-dom@18.2.0_react@18.2.0/node_modules/react-dom")]
    #[case("golang.org/x/mod@v0.17.0: missing go.sum entry")]
    #[case("root@host:/app# make")]
    #[case("y = w@layer.forward(x)")]
    fn what_only_looks_like_one_stays(#[case] text: &str) {
        assert_eq!(hide(text), text);
    }

    #[test]
    fn a_long_line_is_read_once() {
        let text = "a@".repeat(50_000) + "jane@example.com " + &"://x@y.zz".repeat(20_000);
        assert_eq!(hide(&text), text);
    }
}
