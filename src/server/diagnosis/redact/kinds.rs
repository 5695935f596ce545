//! What secrets look like.

/// One family of secrets. The group `s`, `dq` or `sq`, where there is one, is the secret; else the whole match is. What
/// the group `r` holds is a secret only if it looks random.
pub(super) struct Kind {
    /// A cheap test: one of these must occur (compared without letter case) before the pattern is tried.
    pub hints: &'static [&'static str],
    pub pattern: &'static str,
}

/// In the order in which they are applied: whole blocks first, then known tokens, then names that give values away.
pub(super) const KINDS: &[Kind] = &[
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
    // GitLab: personal, deploy, runner, job, trigger, feed, mail and agent tokens.
    Kind {
        hints: &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-"],
        pattern: r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_.-]{16,}",
    },
    Kind { hints: &["npm_"], pattern: r"\bnpm_[A-Za-z0-9]{30,}" },
    Kind { hints: &["pypi-"], pattern: r"\bpypi-[A-Za-z0-9_-]{40,}" },
    // Vercel: prefixed tokens, OIDC, Blob.
    Kind {
        hints: &["vc", "vercel_"],
        pattern: r"\b(?:vc[piark]_[A-Za-z0-9]{16,}|vercel_(?:blob_rw|oidc)_[A-Za-z0-9_]{12,})",
    },
    // Cloudflare: tokens of a user and of an account, global keys, the key of the origin's authority.
    Kind {
        hints: &["cfut_", "cfat_", "cfk_", "v1.0-"],
        pattern: r"\b(?:cf(?:ut|at|k)_[A-Za-z0-9_-]{32,}|v1\.0-[a-f0-9]{24}-[a-f0-9]{100,})",
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
        pattern: r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})|hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9/]{16,})",
    },
    Kind {
        hints: &["discord"],
        pattern: r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/(?P<s>[0-9]+/[A-Za-z0-9_-]{20,})",
    },
    // OpenAI, Anthropic, OpenRouter, DeepSeek and others: `sk-…`.
    Kind { hints: &["sk-"], pattern: r"\bsk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{20,}" },
    Kind { hints: &["aiza", "ya29."], pattern: r"\b(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,})" },
    Kind { hints: &["sg."], pattern: r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}" },
    // A Telegram bot, also in the middle of its address.
    Kind { hints: &[":aa"], pattern: r"\b(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}" },
    // Twilio.
    Kind { hints: &["sk"], pattern: r"\bSK[a-f0-9]{32}\b" },
    Kind { hints: &["re_"], pattern: r"\bre_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}" },
    Kind {
        hints: &["sbp_", "sb_secret_"],
        pattern: r"\b(?:sbp_(?:v0_)?[a-f0-9]{32,}|sb_secret_[A-Za-z0-9_-]{16,})",
    },
    Kind {
        hints: &[
            "dop_v1",
            "doo_v1",
            "dor_v1",
            "hf_",
            "gsk_",
            "xai-",
            "lin_api_",
            "lin_oauth_",
            "secret_",
            "ntn_",
            "dckr_pat_",
            "dckr_oat_",
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
        pattern: r"\b(?:do[opr]_v1_[a-f0-9]{40,}|hf_[A-Za-z0-9]{24,}|gsk_[A-Za-z0-9]{24,}|xai-[A-Za-z0-9]{24,}|lin_(?:api|oauth)_[A-Za-z0-9]{24,}|(?:secret|ntn)_[A-Za-z0-9]{36,}|dckr_[po]at_[A-Za-z0-9_-]{20,}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{20,}|sntrys_[A-Za-z0-9+/=_]{20,}|EAAC[A-Za-z0-9]{30,}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|nfp_[A-Za-z0-9]{30,}|tvly-[A-Za-z0-9-]{20,}|phx_[A-Za-z0-9]{30,}|key-[a-f0-9]{32})",
    },
    // Grafana, Vault, age, New Relic, Postman, Figma, Pulumi, Databricks, Perplexity, Replicate, RubyGems, Doppler, Neon,
    // Heroku, Sentry.
    Kind {
        hints: &[
            "glsa_",
            "hvs.",
            "age-secret-key-1",
            "nrak-",
            "pmak-",
            "figd_",
            "pul-",
            "dapi",
            "pplx-",
            "r8_",
            "rubygems_",
            "dp.",
            "napi_",
            "hrku-",
            "sntryu_",
        ],
        pattern: r"\b(?:glsa_[A-Za-z0-9_]{32,}|hvs\.[A-Za-z0-9_-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}|NRAK-[A-Z0-9]{20,}|PMAK-[a-f0-9-]{40,}|figd_[A-Za-z0-9_-]{30,}|pul-[a-f0-9]{40}|dapi[a-f0-9]{32}|pplx-[A-Za-z0-9]{32,}|r8_[A-Za-z0-9]{30,}|rubygems_[a-f0-9]{32,}|dp\.(?:st|pt|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{32,}|napi_[a-z0-9]{40,}|HRKU-[A-Za-z0-9_-]{30,}|sntryu_[a-f0-9]{40,})",
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
    // Azure: also where nothing follows.
    Kind {
        hints: &["accountkey=", "sharedaccesskey="],
        pattern: r"(?i)\b(?:AccountKey|SharedAccessKey)=(?P<s>[A-Za-z0-9+/]{20,}={0,2})",
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
            r#"[_-](?:APP|STORAGE|ACCOUNT|LICENSE|SHARED)[_-]?KEY|ENCRYPTION[_-]?KEY|SIGNING[_-]?KEY|MASTER[_-]?KEY|SERVICE[_-]?ROLE[_-]?KEY|ANON[_-]?KEY|AUTH[_-]?KEY|CREDENTIALS?|DSN|"#,
            r#"DATABASE_URL|DB_URL|REDIS_URL|MONGO(?:DB)?_URI|CONNECTION_?STRING|COOKIE)[A-Z0-9_]*=(?:"(?P<dq>[^"\n]{1,})"|'(?P<sq>[^'\n]{1,})'|(?P<s>[^\s"'`={}()<>,;][^\s"'`,;]*))"#
        ),
    },
    // `SMTP_PASS=value`. No longer name: `TESTS_PASSED=12` tells no secret.
    Kind {
        hints: &["_pass", "-pass"],
        pattern: r#"(?i)(?:^|[\s"'`,;{(\[]|--)[A-Z0-9_.-]*[_-]PASS(?:PHRASE)?=(?:"(?P<dq>[^"\n]{1,})"|'(?P<sq>[^'\n]{1,})'|(?P<s>[^\s"'`={}()<>,;][^\s"'`,;]*))"#,
    },
    // `aws_secret_access_key = value`, `CLOUDFLARE_API_TOKEN: value`, `DD-API-KEY: value`. After such a name a sentence
    // may follow, too, so the value has to look random.
    Kind {
        hints: &["secret", "token", "password", "_key", "-key"],
        pattern: concat!(
            r#"(?i)\b[A-Z0-9_-]*[_-](?:SECRET|TOKEN|PASSWORD|(?:SECRET|API|APP|APPLICATION|ACCESS|PRIVATE|AUTH|STORAGE|ACCOUNT)[_-]?KEY)"#,
            r#"[A-Z0-9_-]*["']?\s*[:=]\s*["']?(?P<r>[A-Z0-9+/_-]{20,}={0,2})(?:$|[\s"',;])"#
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
