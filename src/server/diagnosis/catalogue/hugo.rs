//! Hugo and Jekyll: versions, themes, modules, templates, content.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const HUGO: Entry = Entry { tool: "hugo", error_type: ErrorType::Build, files: Files::Here, ..Entry::BASE };
const VERSION: Entry = Entry {
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    verdict: Verdict::Config,
    confidence: 0.88,
    advice: Some(
        "The build's Hugo does not fit the theme: set HUGO_VERSION {env} to a version that the theme supports, then deploy again.",
    ),
    ..HUGO
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "hugo.too-old",
        docs: Some("https://gohugo.io/installation/"),
        pattern: r"^(?:ERROR|Error)\b.*(?:does not support Hugo version \S+|not compatible with this Hugo version)",
        files: Files::None,
        confidence: 0.93,
        samples: &[
            "ERROR: 2019/03/02 10:00:00 hugo.go:400: Current theme does not support Hugo version 0.30. Minimum version required is 0.60",
            "ERROR 2021/03/01 10:00:00 Module \"docsy\" is not compatible with this Hugo version; run \"hugo mod graph\" for more information.",
        ],
        ..VERSION
    },
    Entry {
        id: "hugo.extended",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"you need the extended version|feature is not available in your current Hugo version",
        confidence: 0.9,
        samples: &[
            "Error: Error building site: TOCSS: failed to transform \"scss/main.scss\" (text/x-scss). Check your Hugo installation; you need the extended version to build SCSS/SASS.: this feature is not available in your current Hugo version",
        ],
        ..HUGO
    },
    // A theme is written for other versions of Hugo than its own templates fit.
    Entry {
        id: "hugo.theme-version",
        docs: Some("https://gohugo.io/installation/"),
        pattern: r#"^(?:Error|ERROR)\b.*?"(?P<file>[^"]*\bthemes/[^":]+):\d+(?::\d+)?": .*(?:parse failed: |can't evaluate field \w+ in type|function "\w+" not defined)|^ERROR:? .*template: theme/\S+ function "\w+" not defined"#,
        confidence: 0.85,
        last: true,
        samples: &[
            "Error: \"/opt/build/repo/themes/ink/layouts/partials/head.html:12:1\": parse failed: template: partials/head.html:12: function \"warnf\" not defined",
            "Error: Error building site: failed to render pages: render of \"home\" failed: \"/opt/buildhome/repo/themes/ink/layouts/_default/rss.xml:7:11\": execute of template failed: template: _default/rss.xml:7:11: executing \"_default/rss.xml\" at <site>: can't evaluate field Locale in type *langs.Language",
            "ERROR: 2019/03/02 10:00:00 template.go:400: template: theme/partials/nav.html:4: function \"now\" not defined",
        ],
        ..VERSION
    },
    Entry {
        id: "hugo.template",
        pattern: r#"^(?:Error|ERROR)\b.*?"(?P<file>[^":]+):\d+(?::\d+)?": parse failed: |^(?:Error|ERROR)\b.*parse failed: template: "#,
        samples: &[
            "Error: \"/opt/build/repo/layouts/partials/nav.html:12:1\": parse failed: template: partials/nav.html:12: unexpected {{end}}",
            "Error: add site dependencies: load resources: loading templates: \"/opt/build/repo/layouts/index.html:3:1\": parse failed: template: index.html:3: function \"foo\" not defined",
        ],
        ..HUGO
    },
    Entry {
        id: "hugo.no-config",
        docs: Some("https://gohugo.io/configuration/"),
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r"^(?:Error|ERROR):? .*Unable to locate [cC]onfig file",
        files: Files::None,
        advice: Some(
            "Hugo runs in a folder without a configuration: correct the root directory {root} or the build command {build}.",
        ),
        samples: &[
            "Error: Unable to locate config file or config directory. Perhaps you need to create a new site.",
        ],
        ..HUGO
    },
    Entry {
        id: "hugo.theme-missing",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r#"^(?:Error|ERROR):? .*module "(?P<module>[^"]+)" not found; either add it as a Hugo Module"#,
        files: Files::None,
        samples: &[
            "Error: module \"ink\" not found; either add it as a Hugo Module or store it in \"/opt/build/repo/themes\".: module does not exist",
            "Error: failed to load modules: module \"ink\" not found; either add it as a Hugo Module or store it in \"/src/themes\".: module does not exist",
        ],
        ..HUGO
    },
    Entry {
        id: "hugo.module-download",
        rank: Rank::Error,
        error_type: ErrorType::Dependency,
        pattern: r#"^(?:Error|ERROR|hugo):? .*(?:failed to download modules|failed to get module|binary with name "go" not found)"#,
        files: Files::None,
        touches: &["go.mod"],
        samples: &[
            "Error: failed to download modules: binary with name \"go\" not found in PATH",
            "hugo: downloading modules … Error: failed to download modules: go command failed",
        ],
        ..HUGO
    },
    Entry {
        id: "hugo.content",
        pattern: r#"^(?:Error|ERROR)\b.*(?:REF_NOT_FOUND: Ref "[^"]*"(?:: "(?P<file>[^":]+):\d+)?|failed to unmarshal (?:YAML|TOML|JSON))"#,
        samples: &[
            "ERROR 2024/05/01 10:00:00 [en] REF_NOT_FOUND: Ref \"about\": \"/src/content/post/a.md:3:7\": page not found",
            "Error: Error building site: \"/opt/build/repo/content/post/a.md:4:1\": failed to unmarshal YAML: yaml: line 3: mapping values are not allowed in this context",
        ],
        ..HUGO
    },
    Entry {
        id: "jekyll.vendor",
        tool: "jekyll",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"Invalid date '<%= ?Time\.now",
        files: Files::None,
        touches: &["_config.yml"],
        samples: &[
            "Error: could not read file /builds/a/b/vendor/bundle/ruby/3.2.0/gems/jekyll-4.2.0/lib/site_template/_posts/0000-00-00-welcome-to-jekyll.markdown.erb: Invalid date '<%= Time.now.strftime('%Y-%m-%d') %>'",
        ],
        ..HUGO
    },
    Entry {
        id: "jekyll.file",
        tool: "jekyll",
        pattern: r"^(?:Error: +could not read file (?P<file>[^\s:]+): |Error: +YAML Exception reading |ERROR: +YAML Exception|Conversion error: .* encountered an error while converting)",
        samples: &[
            "Error: could not read file /opt/build/repo/_posts/2024-01-01-a.md: Invalid date 'soon': Document '_posts/2024-01-01-a.md' does not have a valid date in the YAML front matter.",
            "Error: YAML Exception reading /opt/build/repo/_data/nav.yml: (<unknown>): did not find expected key",
            "Conversion error: Jekyll::Converters::Scss encountered an error while converting 'assets/css/main.scss':",
        ],
        ..HUGO
    },
    Entry {
        id: "jekyll.theme",
        tool: "jekyll",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"(?:The \S+ theme could not be found|Dependency Error: Yikes! It looks like you don't have (?P<module>[\w-]+))",
        files: Files::None,
        touches: &["Gemfile"],
        samples: &[
            "jekyll 4.3.2 | Error:  The minima theme could not be found.",
            "Dependency Error: Yikes! It looks like you don't have jekyll-seo-tag or one of its dependencies installed.",
        ],
        ..HUGO
    },
];
