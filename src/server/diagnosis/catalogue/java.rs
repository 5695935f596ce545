//! Maven, Gradle, Kotlin: what they say beside the compiler's own lines.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const JAVA: Entry = Entry { tool: "java", error_type: ErrorType::Build, confidence: 0.92, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "java.repository-down",
        docs: Some("https://docs.gradle.org/current/userguide/declaring_repositories.html"),
        rank: Rank::Cause,
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        pattern: r"(?:Could not (?:GET|HEAD) '\S+'\. (?:Received status code (?:5\d\d|429) |.*(?:timed out|Connection reset))|Could not transfer (?:artifact|metadata) \S+ from/to .*(?:status(?: code)?:? 5\d\d|[Tt]imed out|Connection reset|Connection refused))",
        advice: Some("The artifact repository did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "> Could not GET 'https://repo.maven.apache.org/maven2/a/b/1.0/b-1.0.pom'. Received status code 503 from server: Service Unavailable",
            "[ERROR] Could not transfer artifact a:b:pom:1.0 from/to central (https://repo.maven.apache.org/maven2): Connect timed out",
        ],
        ..JAVA
    },
    Entry {
        id: "java.version",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"(?:invalid (?:target|source) release: |release version \d+ not supported|Unsupported class file major version \d+|has been compiled by a more recent version of the Java Runtime|No matching toolchains found|JAVA_HOME is (?:not set|set to an invalid)|Cannot find a Java installation)",
        samples: &[
            "[ERROR] Fatal error compiling: error: invalid target release: 21",
            "error: release version 17 not supported",
            "> Unsupported class file major version 65",
            "ERROR: JAVA_HOME is not set and no 'java' command could be found in your PATH.",
        ],
        ..JAVA
    },
    Entry {
        id: "kotlin.compile",
        pattern: r"^e: (?:file://)?(?P<file>\S+\.kts?):(?: \(\d+, \d+\):|\d+:\d+) \S",
        files: Files::Here,
        samples: &[
            "e: /builds/a/b/app/src/main/kotlin/Cart.kt: (12, 7): Unresolved reference: total",
            "e: file:///app/app/src/main/kotlin/Cart.kt:3:5 Unresolved reference 'total'.",
        ],
        ..JAVA
    },
    Entry {
        id: "gradle.dependency",
        error_type: ErrorType::Dependency,
        pattern: r"^(?:> )?(?:Could not resolve all (?:files|dependencies|artifacts|task dependencies)|Could not (?:find|resolve) (?P<module>[\w.-]+:[\w.-]+:[\w.$+-]+)\.$)",
        confidence: 0.9,
        samples: &[
            "> Could not resolve all files for configuration ':app:compileClasspath'.",
            "> Could not find com.acme:cart:1.2.3.",
        ],
        ..JAVA
    },
    Entry {
        id: "gradle.script",
        error_type: ErrorType::Config,
        pattern: r"^(?:Build|Settings) file '(?P<file>[^']+)' line: \d+|^Plugin \[id: '[^']+'.*was not found",
        files: Files::Here,
        confidence: 0.85,
        samples: &[
            "Build file '/app/app/build.gradle' line: 12",
            "Plugin [id: 'com.acme.plugin', version: '1.0'] was not found in any of the following sources:",
        ],
        ..JAVA
    },
    Entry {
        id: "maven.model",
        error_type: ErrorType::Config,
        pattern: r"(?:Non-parseable POM |Non-resolvable parent POM |there is no POM in this directory)",
        rank: Rank::Cause,
        touches: &["pom.xml"],
        samples: &[
            "[FATAL] Non-resolvable parent POM for com.acme:cart:1.0: Could not find artifact",
            "[ERROR] The goal you specified requires a project to execute but there is no POM in this directory (/app).",
        ],
        ..JAVA
    },
    // The build tool's own frames around what a compiler or a resolver has reported.
    Entry {
        id: "java.wrapper",
        tool: "wrapper",
        rank: Rank::Footer,
        pattern: r"^(?:Caused by: )?(?:org\.gradle|org\.apache\.maven|com\.android\.build|org\.jetbrains\.kotlin\.gradle)\.\S*(?:Exception|Error|Failure)\b",
        confidence: 0.3,
        samples: &[
            "org.gradle.api.tasks.TaskExecutionException: Execution failed for task ':app:compileKotlin'.",
        ],
        ..JAVA
    },
    Entry {
        id: "java.memory",
        error_type: ErrorType::Runtime,
        pattern: r"(?:java\.lang\.OutOfMemoryError|Gradle build daemon disappeared unexpectedly)",
        rank: Rank::Cause,
        confidence: 0.9,
        samples: &[
            "java.lang.OutOfMemoryError: Java heap space",
            "Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)",
        ],
        ..JAVA
    },
    Entry {
        id: "java.exception",
        rank: Rank::Exception,
        error_type: ErrorType::Runtime,
        pattern: r#"^(?:Caused by: |Exception in thread "[^"]+" )(?:[a-z]\w*\.)+\w*(?:Exception|Error)\b|^(?:java|javax|kotlin|org\.springframework)\.(?:\w+\.)*\w*(?:Exception|Error)(?::|$)"#,
        confidence: 0.8,
        samples: &[
            "Exception in thread \"main\" java.lang.NullPointerException: Cannot invoke \"Cart.total()\"",
            "java.lang.IllegalStateException: Failed to load ApplicationContext",
        ],
        ..JAVA
    },
    Entry {
        id: "maven.command",
        error_type: ErrorType::Config,
        pattern: r"(?:No goals have been specified for this build|Unknown lifecycle phase |^(?:> )?Task '[^']+' not found in (?:root )?project)",
        rank: Rank::Cause,
        confidence: 0.88,
        samples: &[
            "[ERROR] Unknown lifecycle phase \"packge\".",
            "Task 'bild' not found in root project 'shop'.",
        ],
        ..JAVA
    },
    Entry {
        id: "maven.checks",
        pattern: r"^\[ERROR\] Failed to execute goal \S+ .*(?:There are test failures|format violations|[Cc]heckstyle violations)",
        confidence: 0.9,
        samples: &[
            "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.0:test (default-test) on project shop: There are test failures.",
        ],
        ..JAVA
    },
    Entry {
        id: "gradle.wrapper",
        error_type: ErrorType::Config,
        pattern: r"(?:Could not find or load main class org\.gradle\.wrapper\.GradleWrapperMain|Could not determine java version from|configured to use incompatible Java|Unable to access jarfile \S+)",
        rank: Rank::Cause,
        confidence: 0.9,
        samples: &[
            "Error: Could not find or load main class org.gradle.wrapper.GradleWrapperMain",
            "Your build is currently configured to use incompatible Java 21.0.1 and Gradle 7.4. Cannot sync the project.",
            "Error: Unable to access jarfile target/shop.jar",
        ],
        ..JAVA
    },
];
