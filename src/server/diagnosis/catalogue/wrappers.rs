//! What closes a log without saying why: exit codes as platforms, runners and task tools report them.

use super::{Entry, Rank};

const FOOTER: Entry = Entry { tool: "wrapper", rank: Rank::Footer, confidence: 0.2, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "vercel.command-exited",
        pattern: r#"^(?:Error: |ERROR: ?)?(?:Command )?["'`].+["'`] exited with (?:code )?(?:SIG[A-JL-Z]\w+|\d+)"#,
        samples: &["Error: Command \"npm run build\" exited with 1", "ERROR: \"build:kit\" exited with 1."],
        ..FOOTER
    },
    Entry {
        id: "cloudflare.command-failed",
        pattern: r"^Failed: (?:Error while executing user command|build command exited|error occurred while|an? error occurred while)",
        samples: &[
            "Failed: Error while executing user command. Exited with error code: 1",
            "Failed: error occurred while running build command",
        ],
        ..FOOTER
    },
    Entry {
        id: "render.exited",
        pattern: r"^==> (?:Exited|Build failed|Common ways|Application exited|Deploy failed|Update failed|Running '|Using |Cloning|Checking out|Docs )",
        samples: &[
            "==> Exited with status 1",
            "==> Build failed 😞",
            "==> Common ways to troubleshoot your deploy: https://render.com/docs/troubleshooting-deploys",
        ],
        docs: Some("https://render.com/docs/troubleshooting-deploys"),
        ..FOOTER
    },
    Entry {
        id: "render.build-passed",
        rank: Rank::Passed,
        tool: "*",
        pattern: r"^==> Build (?:successful|succeeded)",
        samples: &["==> Build successful 🎉"],
        ..FOOTER
    },
    Entry {
        id: "netlify.build-failed",
        pattern: r#"(?i)^(?:error: )?(?:build failed due to a user error|failing build:|failed during stage|"build\.command" failed|build script returned non-zero|error running command|command failed with exit code|failed to build site)"#,
        samples: &[
            "Build failed due to a user error: Build script returned non-zero exit code: 2",
            "Failing build: Failed to build site",
            "\"build.command\" failed",
            "Command failed with exit code 1: npm run build (https://ntl.fyi/exit-code-1)",
        ],
        ..FOOTER
    },
    Entry {
        id: "netlify.heading",
        pattern: r"^Error (?:message|location)$",
        samples: &["Error message", "Error location"],
        ..FOOTER
    },
    Entry {
        id: "actions.exit-code",
        pattern: r"^(?:Error: )?(?:.{1,200}\bfailed with return code:? \d+|Process completed with exit code|The process '.+' failed with exit code|(?:Process |Command |npm )?[Ee]xited with code|exit status \d+|exit code: \d+|│ exit code: \d+)",
        samples: &[
            "Process completed with exit code 1.",
            "exit status 1",
            "Error: The process '/usr/bin/npm' failed with exit code 1",
        ],
        ..FOOTER
    },
    Entry {
        id: "docker.step-failed",
        pattern: r"^(?:ERROR: |error: )?(?:failed to solve: )?(?:process .+ did not complete successfully: exit code|.*returned a non-zero code|executor failed running)",
        touches: &["Dockerfile"],
        samples: &[
            "ERROR: failed to solve: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 1",
            "The command '/bin/sh -c npm ci' returned a non-zero code: 1",
        ],
        ..FOOTER
    },
    Entry {
        id: "node.command-failed",
        pattern: r"^(?:Error: )?Command failed: \S|^Error: Exited with \d+$|error MSB3073: The command |^error building image: error building stage",
        samples: &[
            "Error: Command failed: go mod tidy",
            "Error: Exited with 1",
            "App.csproj(64,5): error MSB3073: The command \"node webpack.js\" exited with code 2.",
            "error building image: error building stage: failed to execute command: waiting for process to exit: exit status 1",
        ],
        ..FOOTER
    },
    Entry {
        id: "make.target",
        pattern: r"^g?make(?:\[\d+\])?: \*\*\* (?:\[.+\] )?Error \d+|^g?make(?:\[\d+\])?: \*\*\* \[.+\]",
        samples: &["make: *** [Makefile:3: build] Error 2"],
        ..FOOTER
    },
    Entry {
        id: "monorepo.task-failed",
        pattern: r"^(?:ERROR +run failed: command +exited|Failed: +\S+#\S+|NX +(?:Running target .+ failed|Ran target .+ failed)|Failed tasks:|lerna ERR! .+ exited \d+|.*command finished with error)",
        samples: &[
            "ERROR  run failed: command  exited (1)",
            "Failed:    web#build",
            "lerna ERR! npm run build exited 1 in 'web'",
        ],
        ..FOOTER
    },
];
