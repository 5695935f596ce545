//! Text that may hold secrets → the same text with every secret replaced. The error itself stays readable.
//!
//! Every pattern runs in linear time, and redacting redacted text changes nothing.

use regex::{Captures, Regex};
use std::{borrow::Cow, sync::LazyLock};

/// What stands in a secret's place.
pub const MARK: &str = "[redacted]";

/// One family of secrets. The group `s`, where there is one, is the secret; else the whole match is.
struct Kind {
    /// A cheap test: one of these must occur (compared without letter case) before the pattern is tried.
    hints: &'static [&'static str],
    pattern: &'static str,
}

/// In the order in which they are applied: whole blocks first, then known tokens, then names that give values away.
const KINDS: &[Kind] = &[
    Kind {
        hints: &["-----begin"],
        pattern: r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    },
    // GitHub: classic, OAuth, user-to-server, server-to-server, refresh and fine-grained tokens.
    Kind {
        hints: &["gh", "github_pat_"],
        pattern: r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})",
    },
    // Our own: API tokens and invitations.
    Kind { hints: &["dpm_", "dpi_"], pattern: r"\bdp[im]_[A-Za-z0-9]{32,}" },
    Kind { hints: &["glpat-"], pattern: r"\bglpat-[A-Za-z0-9_-]{16,}" },
    Kind { hints: &["npm_"], pattern: r"\bnpm_[A-Za-z0-9]{30,}" },
    Kind { hints: &["pypi-"], pattern: r"\bpypi-[A-Za-z0-9_-]{40,}" },
    // Vercel: prefixed tokens, OIDC, Blob.
    Kind {
        hints: &["vc", "vercel_"],
        pattern: r"\b(?:vc[piark]_[A-Za-z0-9]{16,}|vercel_(?:blob_rw|oidc)_[A-Za-z0-9_]{12,})",
    },
    Kind { hints: &["rnd_"], pattern: r"\brnd_[A-Za-z0-9]{16,}" },
    Kind { hints: &["akia", "asia"], pattern: r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b" },
    // Stripe, Clerk and others that share the shape.
    Kind {
        hints: &["sk_", "rk_", "whsec_"],
        pattern: r"\b(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=_-]{16,})",
    },
    Kind {
        hints: &["xox", "xapp-", "hooks.slack.com"],
        pattern: r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})|hooks\.slack\.com/services/(?P<s>[A-Za-z0-9/]{16,})",
    },
    Kind {
        hints: &["discord"],
        pattern: r"discord(?:app)?\.com/api/webhooks/(?P<s>[0-9]+/[A-Za-z0-9_-]{20,})",
    },
    // OpenAI, Anthropic, OpenRouter, DeepSeek and others: `sk-…`.
    Kind { hints: &["sk-"], pattern: r"\bsk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{20,}" },
    Kind { hints: &["aiza", "ya29."], pattern: r"\b(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,})" },
    Kind { hints: &["sg."], pattern: r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}" },
    Kind { hints: &["re_"], pattern: r"\bre_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}" },
    Kind { hints: &["sbp_", "sb_secret_"], pattern: r"\b(?:sbp_[a-f0-9]{32,}|sb_secret_[A-Za-z0-9_-]{16,})" },
    Kind {
        hints: &[
            "dop_v1",
            "hf_",
            "gsk_",
            "xai-",
            "lin_api_",
            "secret_",
            "ntn_",
            "dckr_pat_",
            "pscale_",
            "sntrys_",
            "eaac",
            "sq0",
            "shpat_",
            "nfp_",
            "tvly-",
            "phx_",
            "prisma+",
            "key-",
        ],
        pattern: r"\b(?:dop_v1_[a-f0-9]{40,}|hf_[A-Za-z0-9]{24,}|gsk_[A-Za-z0-9]{24,}|xai-[A-Za-z0-9]{24,}|lin_api_[A-Za-z0-9]{24,}|(?:secret|ntn)_[A-Za-z0-9]{36,}|dckr_pat_[A-Za-z0-9_-]{20,}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{20,}|sntrys_[A-Za-z0-9+/=_]{20,}|EAAC[A-Za-z0-9]{30,}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|nfp_[A-Za-z0-9]{30,}|tvly-[A-Za-z0-9-]{20,}|phx_[A-Za-z0-9]{30,}|key-[a-f0-9]{32})",
    },
    // JSON web tokens, also without a signature.
    Kind { hints: &["eyj"], pattern: r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?" },
    // Credentials inside an address: `https://user:secret@host`, `postgres://user:secret@host/db`, `https://token@host`.
    // A password may hold any number of `@`: the host begins after the last one.
    Kind {
        hints: &["://"],
        pattern: r#"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://(?P<s>[^\s/?#"'`<>]+)@[A-Za-z0-9\[]"#,
    },
    // Query parameters that carry a secret.
    Kind {
        hints: &["token=", "key=", "secret=", "signature=", "password=", "sig=", "apikey="],
        pattern: r#"(?i)[?&](?:access_token|auth_?token|token|api_?key|key|client_secret|secret|password|x-amz-signature|x-amz-security-token|signature|sig)=(?P<s>[^\s&"'`<>#]{6,})"#,
    },
    Kind {
        hints: &["accountkey=", "sharedaccesskey=", "password=", "pwd="],
        pattern: r#"(?i)\b(?:AccountKey|SharedAccessKey|Password|Pwd)=(?P<s>[^\s;"']{3,});"#,
    },
    Kind {
        hints: &["authorization", "bearer "],
        pattern: r#"(?i)\bauthorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|bot)\s+)?(?P<s>[A-Za-z0-9._~+/=-]{8,})"#,
    },
    Kind { hints: &["bearer "], pattern: r"(?i)\bbearer\s+(?P<s>[A-Za-z0-9._~+/-]{20,}=*)" },
    Kind {
        hints: &["_authtoken", "_auth=", "_password="],
        pattern: r"(?i):?_(?:authToken|auth|password)\s*=\s*(?P<s>[^\s$]\S{5,})",
    },
    // `SOME_SECRET=value`, `--api-key=value`, `export TOKEN="value"`.
    Kind {
        hints: &[
            "secret",
            "token",
            "password",
            "passwd",
            "pwd",
            "apikey",
            "api_key",
            "api-key",
            "private",
            "access_key",
            "credential",
            "dsn",
            "_key",
            "-key",
            "database_url",
            "connection",
        ],
        pattern: concat!(
            r#"(?i)(?:^|[\s"'`,;{(\[]|--)[A-Z0-9_.-]*(?:SECRET|TOKEN|PASSWORD|PASSWD|PWD|API[_-]?KEY|PRIVATE[_-]?KEY|ACCESS[_-]?KEY|"#,
            r#"ENCRYPTION[_-]?KEY|SIGNING[_-]?KEY|MASTER[_-]?KEY|SERVICE[_-]?ROLE[_-]?KEY|ANON[_-]?KEY|AUTH[_-]?KEY|CREDENTIALS?|DSN|"#,
            r#"DATABASE_URL|DB_URL|REDIS_URL|MONGO(?:DB)?_URI|CONNECTION_?STRING|COOKIE)[A-Z0-9_]*=(?:"(?P<dq>[^"\n]{1,})"|'(?P<sq>[^'\n]{1,})'|(?P<s>[^\s"'`={}()<>,;][^\s"'`,;]*))"#
        ),
    },
    // `"apiKey": "value"`, `password: 'value'`, `clientSecret = "value"`: only quoted values, so that sentences stay.
    Kind {
        hints: &[
            "secret",
            "token",
            "password",
            "apikey",
            "api_key",
            "api-key",
            "private",
            "access",
            "credential",
        ],
        pattern: r#"(?i)["']?\b[A-Z0-9_.-]*(?:SECRET|TOKEN|PASSWORD|API[_-]?KEY|PRIVATE[_-]?KEY|ACCESS[_-]?KEY(?:[_-]?ID)?|CREDENTIAL)["']?\s*(?:[:=]|=>)\s*(?:"(?P<dq>[^"\s]{6,})"|'(?P<sq>[^'\s]{6,})')"#,
    },
];

/// Values that say that there is no secret, or where it would come from.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 14] = [
        "undefined",
        "null",
        "none",
        "nil",
        "true",
        "false",
        "missing",
        "empty",
        "unset",
        "required",
        "string",
        "changeme",
        "nan",
        "0",
    ];
    let value = value.trim_matches(['"', '\'']);
    value.is_empty()
        || value.starts_with(['$', '<', '{', '%'])
        || value.contains("process.env")
        || value.contains("import.meta")
        || value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '•'))
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value == MARK
}

static PATTERNS: LazyLock<Vec<(&'static Kind, Regex)>> =
    LazyLock::new(|| KINDS.iter().filter_map(|kind| Some((kind, Regex::new(kind.pattern).ok()?))).collect());

static HINTS: LazyLock<Option<(aho_corasick::AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let pairs: Vec<(usize, &str)> = PATTERNS
        .iter()
        .enumerate()
        .flat_map(|(index, (kind, _))| kind.hints.iter().map(move |hint| (index, *hint)))
        .collect();
    let automaton = aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(pairs.iter().map(|(_, hint)| *hint))
        .ok()?;
    Some((automaton, pairs.into_iter().map(|(index, _)| index).collect()))
});

/// Passes over one text. A second one finds what the first has uncovered; more are needed by made-up text only.
const PASSES: usize = 4;

/// The text with every known secret replaced by [`MARK`]. Private keys may span lines.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = pass(text);
    for _ in 1..PASSES {
        let Cow::Owned(changed) = &out else { break };
        let Cow::Owned(again) = pass(changed) else { break };
        out = Cow::Owned(again);
    }
    out
}

/// Every pattern once. Borrowed when nothing was found.
fn pass(text: &str) -> Cow<'_, str> {
    let Some((automaton, owners)) = HINTS.as_ref() else { return Cow::Borrowed(text) };
    let mut wanted = vec![false; PATTERNS.len()];
    let mut missing = PATTERNS.len();
    for hit in automaton.find_overlapping_iter(text) {
        let slot = &mut wanted[owners[hit.pattern().as_usize()]];
        if !*slot {
            *slot = true;
            missing -= 1;
            if missing == 0 {
                break;
            }
        }
    }
    let mut out = Cow::Borrowed(text);
    for (index, (_, pattern)) in PATTERNS.iter().enumerate() {
        if wanted[index]
            && let Cow::Owned(changed) = pattern.replace_all(&out, hide)
            && changed != *out
        {
            out = Cow::Owned(changed);
        }
    }
    out
}

fn hide(found: &Captures<'_>) -> String {
    let whole = &found[0];
    match found.name("s").or_else(|| found.name("dq")).or_else(|| found.name("sq")) {
        Some(secret) if is_placeholder(secret.as_str()) => whole.to_owned(),
        Some(secret) => {
            let start = secret.start() - found.get(0).map_or(0, |all| all.start());
            format!("{}{MARK}{}", &whole[..start], &whole[start + secret.len()..])
        }
        None => MARK.to_owned(),
    }
}

/// Redacts a log line by line and keeps the number of lines, also for private keys that span several.
pub fn redact_lines<S: AsRef<str>>(lines: &[S]) -> Vec<String> {
    let mut inside_key = false;
    lines.iter().map(|line| redact_line(line.as_ref(), &mut inside_key)).collect()
}

/// One line of a log; `inside_key` carries over whether a private key began on an earlier line.
pub(crate) fn redact_line(line: &str, inside_key: &mut bool) -> String {
    if *inside_key {
        if let Some(end) = line.find("-----END ") {
            *inside_key = false;
            let after = line[end + 9..].split_once("-----").map_or("", |(_, after)| after);
            return format!("{MARK}{}", redact(after));
        }
        return MARK.to_owned();
    }
    *inside_key = opens_key(line);
    redact(line).into_owned()
}

/// Every line that opens a private key has these words.
pub(crate) const KEY_WORDS: &str = "PRIVATE KEY";

/// A private key begins on this line and does not end on it.
pub(crate) fn opens_key(line: &str) -> bool {
    line.rfind("-----BEGIN ")
        .is_some_and(|at| line[at..].contains(KEY_WORDS) && !line[at..].contains("-----END "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// Built at run time so that no scanner takes this file for a leak.
    fn long(prefix: &str, length: usize) -> String {
        let alphabet = "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1";
        prefix.chars().chain(alphabet.chars().cycle().take(length)).collect()
    }

    #[rstest]
    #[case("ghp_", 36)]
    #[case("gho_", 36)]
    #[case("ghs_", 36)]
    #[case("github_pat_", 82)]
    #[case("dpm_", 64)]
    #[case("dpi_", 64)]
    #[case("glpat-", 20)]
    #[case("npm_", 36)]
    #[case("pypi-", 100)]
    #[case("vcp_", 24)]
    #[case("vercel_blob_rw_", 30)]
    #[case("rnd_", 32)]
    #[case("sk_live_", 24)]
    #[case("rk_test_", 24)]
    #[case("whsec_", 32)]
    #[case("xoxb-", 40)]
    #[case("sk-", 48)]
    #[case("sk-proj-", 60)]
    #[case("sk-ant-api03-", 90)]
    #[case("AIza", 35)]
    #[case("hf_", 34)]
    #[case("gsk_", 52)]
    #[case("re_aB3dE5gH_", 24)]
    #[case("lin_api_", 40)]
    fn tokens_do_not_survive(#[case] prefix: &str, #[case] length: usize) {
        let token = long(prefix, length);
        for text in [token.clone(), format!("using {token}."), format!("x=\"{token}\""), format!("({token})")]
        {
            let out = redact(&text);
            assert!(!out.contains(&token[prefix.len()..]), "{out}");
        }
    }

    #[rstest]
    #[case("AKIAIOSFODNN7EXAMPLE used", "[redacted] used")]
    #[case("postgres://app:hunter2@db.internal:5432/shop", "postgres://[redacted]@db.internal:5432/shop")]
    #[case("mongodb+srv://u:p@ss@cluster0.x.net", "mongodb+srv://[redacted]@cluster0.x.net")]
    #[case("amqp://u:p@s@@s@queue.x.net", "amqp://[redacted]@queue.x.net")]
    #[case(
        "git clone https://x-access-token:abc@github.com/a/b",
        "git clone https://[redacted]@github.com/a/b"
    )]
    #[case("STRIPE_SECRET_KEY=abc123def", "STRIPE_SECRET_KEY=[redacted]")]
    #[case("export API_TOKEN=\"two words\"", "export API_TOKEN=\"[redacted]\"")]
    #[case("tool --api-key=abcd1234 run", "tool --api-key=[redacted] run")]
    #[case("{ apiKey: 'abcd1234' }", "{ apiKey: '[redacted]' }")]
    #[case("\"client_secret\": \"abcd1234\"", "\"client_secret\": \"[redacted]\"")]
    #[case("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [redacted]")]
    #[case("&password=abc;=", "&password=[redacted]")]
    #[case("GET https://a.b/c?x=1&token=abcdef123", "GET https://a.b/c?x=1&token=[redacted]")]
    #[case("//registry.npmjs.org/:_authToken=abcdef123", "//registry.npmjs.org/:_authToken=[redacted]")]
    #[case("AccountName=a;AccountKey=abc==;Endpoint=b", "AccountName=a;AccountKey=[redacted];Endpoint=b")]
    #[case("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln", "[redacted]")]
    fn values_do_not_survive(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[rstest]
    #[case("SyntaxError: Unexpected token '}'")]
    #[case("Error: Missing required environment variable: STRIPE_SECRET_KEY")]
    #[case("STRIPE_SECRET_KEY=undefined")]
    #[case("API_KEY=${API_KEY}")]
    #[case("error TS2339: Property 'token' does not exist on type 'Session'.")]
    #[case("if (token === null) throw new Error('no token')")]
    #[case("<Login token={token} />")]
    #[case("npm error 401 Unauthorized - GET https://npm.pkg.github.com/@acme%2fui - unauthenticated")]
    #[case("  File \"/opt/render/project/src/app.py\", line 3, in <module>")]
    #[case("src/token.ts(3,7): error TS2322: Type 'string' is not assignable to type 'Token'.")]
    #[case("KeyError: 'SECRET_KEY'")]
    #[case("Module not found: Can't resolve '@acme/secret-manager'")]
    #[case("https://nextjs.org/docs/messages/module-not-found")]
    fn errors_stay_whole(#[case] text: &str) {
        assert_eq!(redact(text), text);
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), KINDS.len());
    }

    #[test]
    fn private_keys_go_whole_and_lines_keep_their_numbers() {
        let kind = "PRIVATE KEY";
        let text = format!("a\n-----BEGIN RSA {kind}-----\nMIIabc\ndef\n-----END RSA {kind}-----\nb");
        assert_eq!(redact(&text), "a\n[redacted]\nb");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(redact_lines(&lines), ["a", MARK, MARK, MARK, MARK, "b"]);
    }

    proptest! {
        #[test]
        fn is_idempotent(text in ".{0,200}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }

        #[test]
        fn is_idempotent_on_what_looks_like_secrets(
            text in "((API_KEY|token|password|SECRET|://|a:b@c|Bearer |eyJ|sk-|ghp_|[a-zA-Z0-9]{1,24}|=|:|\"|'|;|&|\\?| |\n)){0,30}"
        ) {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
