use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// Built at run time so that no scanner takes this file for a leak.
fn long(prefix: &str, length: usize) -> String {
    let alphabet = "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1";
    prefix.chars().chain(alphabet.chars().cycle().take(length)).collect()
}

fn hex(prefix: &str, length: usize) -> String {
    prefix.chars().chain("0a1b2c3d4e5f6789".chars().cycle().take(length)).collect()
}

/// Every kind of secret in the words in which a log has it, and what must not be left of it.
fn formats() -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    let mut is = |name, before: &str, secret: &str, after: &str| {
        all.push((name, format!("{before}{secret}{after}"), secret.to_owned()));
    };
    let mixed = |length| long("", length);
    // Those that are known by how they begin.
    for (name, prefix, length) in [
        ("GitHub, classic", "ghp_", 36),
        ("GitHub, OAuth", "gho_", 36),
        ("GitHub, app", "ghs_", 36),
        ("GitHub, fine-grained", "github_pat_", 82),
        ("Deploymend, API", "dpm_", 64),
        ("Deploymend, invitation", "dpi_", 64),
        ("GitLab, personal", "glpat-", 20),
        ("GitLab, deploy", "gldt-", 20),
        ("GitLab, job", "glcbt-64_", 20),
        ("npm", "npm_", 36),
        ("PyPI", "pypi-", 100),
        ("Vercel", "vcp_", 24),
        ("Vercel, Blob", "vercel_blob_rw_", 30),
        ("Cloudflare, user", "cfut_", 48),
        ("Cloudflare, account", "cfat_", 48),
        ("Cloudflare, global key", "cfk_", 48),
        ("Render", "rnd_", 32),
        ("Stripe", "sk_live_", 24),
        ("Stripe, restricted", "rk_test_", 24),
        ("Standard Webhooks", "whsec_", 32),
        ("Slack, bot", "xoxb-", 40),
        ("Slack, app", "xapp-1-", 40),
        ("OpenAI", "sk-", 48),
        ("OpenAI, project", "sk-proj-", 60),
        ("Anthropic", "sk-ant-api03-", 90),
        ("Google, API", "AIza", 35),
        ("Google, OAuth", "ya29.", 60),
        ("Hugging Face", "hf_", 34),
        ("Groq", "gsk_", 52),
        ("Resend", "re_aB3dE5gH_", 24),
        ("Linear", "lin_api_", 40),
        ("Linear, OAuth", "lin_oauth_", 64),
        ("Docker Hub", "dckr_pat_", 27),
        ("Docker Hub, organization", "dckr_oat_", 32),
        ("SendGrid", "SG.aB3dE5gH7jK9mN2pQ4sT6v.", 43),
        ("Supabase, secret", "sb_secret_", 32),
        ("Telegram", "123456789:AA", 33),
        ("Telegram, in an address", "bot123456789:AA", 33),
        ("Grafana", "glsa_", 41),
        ("Vault", "hvs.", 90),
        ("Figma", "figd_", 40),
        ("Perplexity", "pplx-", 48),
        ("Replicate", "r8_", 37),
        ("Doppler", "dp.st.", 43),
        ("Heroku", "HRKU-", 60),
    ] {
        is(name, "using ", &long(prefix, length), ".");
    }
    for (name, prefix, length) in [
        ("Supabase, personal", "sbp_", 40),
        ("DigitalOcean, personal", "dop_v1_", 64),
        ("DigitalOcean, OAuth", "doo_v1_", 64),
        ("Mailgun", "key-", 32),
        ("Twilio", "SK", 32),
        ("Pulumi", "pul-", 40),
        ("Databricks", "dapi", 32),
        ("RubyGems", "rubygems_", 48),
        ("Sentry, user", "sntryu_", 64),
        ("Cloudflare, origin", "v1.0-0a1b2c3d4e5f67890a1b2c3d-", 146),
    ] {
        is(name, "(", &hex(prefix, length), ")");
    }
    // Those that are known by the name before them.
    for (name, before, length) in [
        ("AWS, secret access key", "AWS_SECRET_ACCESS_KEY=", 40),
        ("AWS, in its file", "aws_secret_access_key = ", 40),
        ("AWS, session token", "export AWS_SESSION_TOKEN=", 200),
        ("Cloudflare, by name", "CLOUDFLARE_API_TOKEN=", 40),
        ("Cloudflare, in YAML", "CLOUDFLARE_API_TOKEN: ", 40),
        ("Twilio, by name", "TWILIO_AUTH_TOKEN=", 32),
        ("Supabase, by name", "SUPABASE_SERVICE_ROLE_KEY=", 80),
        ("Datadog", "DD_API_KEY=", 32),
        ("Datadog, application", "DD_APP_KEY=", 40),
        ("Datadog, header", "DD-API-KEY: ", 32),
        ("Azure, storage", "AZURE_STORAGE_KEY=", 86),
        ("Azure, connection", "AccountName=shop;AccountKey=", 86),
        ("mail server", "SMTP_PASS=", 16),
        ("passphrase", "SIGNING_PASSPHRASE=", 16),
        ("bearer", "Authorization: Bearer ", 40),
        ("basic", "authorization: Basic ", 40),
        ("npmrc", "//registry.npmjs.org/:_authToken=", 36),
        ("flag", "tool --api-key=", 32),
        ("query", "GET https://a.b/c?x=1&token=", 32),
        ("Slack, webhook", "https://hooks.slack.com/services/T0001/B0001/", 24),
        ("Discord, webhook", "https://discord.com/api/webhooks/1234567890/", 68),
        ("Discord, webhook of a version", "https://discord.com/api/v10/webhooks/1234567890/", 68),
        ("basic authentication", "https://user:", 20),
        ("database", "postgres://app:", 20),
    ] {
        let after = if before.contains("://") && before.ends_with(':') { "@db.internal/x" } else { "" };
        is(name, before, &mixed(length), after);
    }
    is("AWS, access key id", "", "AKIAIOSFODNN7EXAMPLE", " used");
    is("JSON", "{\"clientSecret\": \"", &mixed(24), "\"}");
    let parts = [long("eyJ", 20), long("eyJ", 60), mixed(43)];
    is("JWT", "token ", &parts.join("."), " expired");
    is("JWT without a signature", "token ", &parts[..2].join("."), " expired");
    for kind in ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "] {
        let words = format!("{kind}PRIVATE KEY");
        let after = format!("\n-----END {words}-----");
        is("private key", &format!("-----BEGIN {words}-----\n"), &mixed(64), &after);
    }
    let (begin, end) = ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", "\n-----END PGP PRIVATE KEY BLOCK-----");
    is("PGP", begin, &mixed(64), end);
    is(
        "private key in one line",
        "-----BEGIN PRIVATE KEY-----\\n",
        &mixed(64),
        "\\n-----END PRIVATE KEY-----\\n",
    );
    all
}

#[test]
fn no_format_survives() {
    let formats = formats();
    assert!(formats.len() >= 80, "{}", formats.len());
    for (name, text, secret) in formats {
        for text in [text.clone(), format!("2026-01-02T03:04:05Z {text}"), format!("{text}\nnext")] {
            let out = redact(&text);
            assert!(!out.contains(&secret) && out.contains(MARK), "{name}: {out}");
            // Nor a piece of it that would do.
            let tail = &secret[secret.len() - secret.len().min(12)..];
            assert!(!out.contains(tail), "{name}: {out}");
        }
    }
}

#[rstest]
#[case("ghp_", 36)]
#[case("cfut_", 48)]
#[case("hf_", 34)]
fn tokens_go_in_every_surrounding(#[case] prefix: &str, #[case] length: usize) {
    let token = long(prefix, length);
    for text in [token.clone(), format!("using {token}."), format!("x=\"{token}\""), format!("({token})")] {
        let out = redact(&text);
        assert!(!out.contains(&token[prefix.len()..]), "{out}");
    }
}

#[rstest]
#[case("AKIAIOSFODNN7EXAMPLE used", "[redacted] used")]
#[case("postgres://app:hunter2@db.internal:5432/shop", "postgres://[redacted]@db.internal:5432/shop")]
#[case("mongodb+srv://u:p@ss@cluster0.x.net", "mongodb+srv://[redacted]@cluster0.x.net")]
#[case("amqp://u:p@s@@s@queue.x.net", "amqp://[redacted]@queue.x.net")]
#[case("git clone https://x-access-token:abc@github.com/a/b", "git clone https://[redacted]@github.com/a/b")]
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
#[case("STRIPE_SECRET_KEY: Required")]
#[case("AUTH_SECRET: String must contain at least 32 character(s)")]
#[case("api_token = get_session_token_from_headers2(request)")]
#[case("const access_token = await getSessionTokenFromHeaders2(request);")]
#[case("next_public_app_key: InvalidConfigurationException was thrown")]
#[case("restore-key: node-cache-linux-x64-0a1b2c3d")]
#[case("Tests: SUITE_PASSED=12 BYPASS=1")]
#[case("jane@example.com has no access to git@github.com:acme/shop")]
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
