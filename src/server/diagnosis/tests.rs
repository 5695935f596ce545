use super::*;
use proptest::prelude::*;
use rstest::rstest;

#[test]
fn an_empty_log_says_so() {
    let finding = diagnose(&[] as &[String], &Hints::default());
    assert_eq!((finding.message.as_str(), finding.line_number), ("The build log is empty.", None));
    assert_eq!(finding.confidence, 0.0);
}

/// Lines that look like the parts of real logs, so that the cases reach deep.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(\\[[0-9]{2}:[0-9]{2}:[0-9]{2}\\] |[0-9]{4}-)?(Error|TypeError|npm error|error TS[0-9]{4}|at |File \"|  \\||> )(: )?.{0,60}",
        "(\\./)?(src|app|/vercel/path0)/[a-z(\\[]{1,8}\\.(ts|tsx|py|rs)(:[0-9]{1,3}:[0-9]{1,3})?(.{0,30})?",
        "(Cannot find module|Can't resolve|Could not resolve|No module named) '[^ ]{0,20}'( in '.{0,20}')?",
        "-----(BEGIN|END) (RSA )?PRIVATE KEY-----.{0,20}",
        "[^\u{0}-\u{7f}]{0,30}",
    ]
}

proptest! {
    #[test]
    fn never_panics(lines in prop::collection::vec(line(), 0..40), root in proptest::option::of("[a-z/.]{0,12}")) {
        let hints =
            Hints { root_directory: root, provider: Some(Provider::VERCEL), ..Hints::default() };
        let finding = diagnose(&lines, &hints);
        prop_assert!((0.0..=1.0).contains(&finding.confidence));
        prop_assert!(finding.affected_files.len() <= FILE_LIMIT);
        prop_assert!(finding.context.len() <= CONTEXT.0 + CONTEXT.1 + 1);
        if let Some(number) = finding.line_number {
            prop_assert!((1..=lines.len()).contains(&number));
        }
    }

    #[test]
    fn the_fingerprint_survives_line_shifts(before in 0_usize..30, line in 1_usize..5_000, column in 1_usize..90) {
        let log = |before: usize, line: usize, column: usize| {
            let mut lines = vec!["transforming...".to_owned(); before];
            lines.push(format!("src/cart.ts({line},{column}): error TS2322: Type 'string' is not assignable to type 'number'."));
            lines.push("Error: Command \"npm run build\" exited with 2".to_owned());
            diagnose(&lines, &Hints::default()).fingerprint
        };
        prop_assert_eq!(log(before, line, column), log(0, 3, 7));
    }
}

#[test]
fn no_part_of_a_finding_carries_a_secret() {
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let key = ["-----BEGIN PRIVATE", " KEY-----"].concat();
    let lines = [
        key.as_str(),
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
        "-----END PRIVATE KEY-----",
        "API_SECRET=hunter2hunter2",
        &format!("Error: request to https://x:{secret}@github.com/acme/shop failed with {secret}"),
    ];
    let diagnosis = analyze(&lines, &Hints::default());
    let all = serde_json::to_string(&(&diagnosis.finding, &diagnosis.errors)).expect("JSON");
    for leaked in [secret.as_str(), "hunter2", "MIIEvQ"] {
        assert!(!all.contains(leaked), "{leaked} in {all}");
    }
    assert!(diagnosis.finding.root_line.starts_with("Error: request to https://"), "{all}");
}

#[test]
fn context_is_ten_before_and_twenty_after() {
    let mut lines = vec!["x".to_owned(); 50];
    lines[25] = "src/a.ts(1,1): error TS2322: bad".to_owned();
    let finding = diagnose(&lines, &Hints::default());
    let numbers: Vec<usize> = finding.context.iter().map(|line| line.number).collect();
    assert_eq!(numbers, (16..=46).collect::<Vec<_>>());
}

#[test]
fn an_install_error_that_a_retry_overcame_is_not_the_cause() {
    let lines = [
        "npm error code ERESOLVE",
        "npm error peer next@\"^12\" from next-auth@4.24.5",
        "added 474 packages, and audited 475 packages in 28s",
        "src/a.ts(1,1): error TS2322: bad",
    ];
    assert_eq!(diagnose(&lines, &Hints::default()).line_number, Some(4));
}

#[test]
fn advice_names_the_platforms_screen() {
    let lines = ["Error: Missing required environment variable: STRIPE_SECRET_KEY"];
    let hints = Hints { provider: Some(Provider::VERCEL), ..Hints::default() };
    let finding = diagnose(&lines, &hints);
    assert_eq!(finding.verdict, Verdict::Config);
    insta::assert_snapshot!(finding.advice.unwrap_or_default(), @"Add STRIPE_SECRET_KEY with its value in Vercel under the project's Settings → Environment Variables, then deploy again.");
}

#[test]
fn a_package_is_missing_because_the_install_failed() {
    let lines = [
        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'reqs.txt'",
        "Traceback (most recent call last):",
        "  File \"/vercel/path0/manage.py\", line 7, in <module>",
        "    import django",
        "ModuleNotFoundError: No module named 'django'",
    ];
    assert_eq!(diagnose(&lines, &Hints::default()).line_number, Some(1));
}

#[test]
fn a_package_that_imports_what_is_not_there_is_no_file_of_the_project() {
    let lines = [
        "Traceback (most recent call last):",
        "  File \"/opt/render/project/src/main.py\", line 3, in <module>",
        "    from shop import Cart",
        "  File \"/opt/render/project/src/.venv/lib/python3.13/site-packages/shop/__init__.py\", line 1, in <module>",
        "    import audioop",
        "ModuleNotFoundError: No module named 'audioop'",
    ];
    assert_eq!(diagnose(&lines, &Hints::default()).affected_files, ["requirements.txt"]);
}

#[test]
fn python_on_a_command_line_is_no_code_of_the_project() {
    let lines = [
        "Traceback (most recent call last):",
        "  File \"<string>\", line 1",
        "IndentationError: unexpected indent",
    ];
    let finding = diagnose(&lines, &Hints::default());
    assert_eq!((finding.error_type, finding.verdict), (ErrorType::Config, Verdict::Config));
    assert!(finding.advice.is_some());
}

#[test]
fn a_key_that_an_image_lacks_while_it_is_built_is_the_dockerfiles() {
    let error = "ArgumentError: Missing `secret_key_base` for 'production' environment";
    let built = [" > [web 4/5] RUN bundle exec rake assets:precompile:", error];
    assert_eq!(diagnose(&built, &Hints::default()).verdict, Verdict::Code);
    assert_eq!(diagnose(&[error], &Hints::default()).verdict, Verdict::Config);
}

#[test]
fn a_file_is_sought_in_the_folder_of_its_project() {
    let lines = [
        "Collecting psycopg2==2.9.1 (from -r /vercel/path0/api/requirements.txt (line 3))",
        "Error: pg_config executable not found.",
    ];
    assert_eq!(diagnose(&lines, &Hints::default()).affected_files, ["api/requirements.txt"]);
    let lines = ["Cart.cs(3,5): error CS1002: ; expected [/home/runner/work/shop/shop/src/Shop/Shop.csproj]"];
    assert_eq!(diagnose(&lines, &Hints::default()).affected_files, ["src/Shop/Cart.cs"]);
    let lines = [
        "error: failed to select a version for the requirement `shop-core = \"^0.2\"`",
        "required by package `shop v0.0.1 (/app/shop)`",
    ];
    assert_eq!(diagnose(&lines, &Hints::default()).affected_files, ["shop/Cargo.toml"]);
}

#[rstest]
#[case::pnpm_tells_it_on_the_line(&["apps/web build: src/a.ts(1,1): error TS2322: bad"])]
#[case::a_banner_tells_it(&["> web@1.0.0 build /vercel/path0/apps/web", "src/a.ts(1,1): error TS2322: bad"])]
#[case::npm_tells_it_afterwards(&[
    "src/a.ts(1,1): error TS2322: bad",
    "npm error Lifecycle script `build` failed with error:",
    "npm error   at location: /vercel/path0/apps/web",
])]
fn files_are_relative_to_the_repository_and_not_to_the_script(#[case] lines: &[&str]) {
    assert_eq!(diagnose(lines, &Hints::default()).affected_files, ["apps/web/src/a.ts"]);
}
