//! Every check in both directions: what it objects to, and what it lets through.

use super::*;
use crate::{
    model::{ErrorType, Verdict},
    server::github::git::{Blob, Mode},
};
use rstest::rstest;

fn finding() -> Finding {
    Finding {
        error_type: ErrorType::Typescript,
        message: "TS2339: Property 'titel' does not exist on type 'Product'.".into(),
        root_line: "src/list.ts(7,24): error TS2339".into(),
        line_number: Some(1),
        context: Vec::new(),
        affected_files: vec!["src/list.ts".into()],
        confidence: 0.9,
        verdict: Verdict::Code,
        advice: None,
        links: Vec::new(),
        build_again: false,
        differences: Vec::new(),
        fingerprint: "f".into(),
    }
}

fn blob(mode: Mode, text: &str) -> Option<Blob> {
    Some(Blob { mode, content: text.as_bytes().to_vec() })
}

fn change(path: &str, before: Option<&str>, after: Option<&str>) -> Change {
    moved(path, path, before, after)
}

fn moved(old_path: &str, path: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        path: path.into(),
        old_path: old_path.into(),
        before: before.and_then(|text| blob(Mode::File, text)),
        after: after.and_then(|text| blob(Mode::File, text)),
    }
}

/// The names of the checks that do not hold.
fn failing(changes: &[Change], finding: &Finding, bounds: &Bounds) -> Vec<String> {
    let report = check(changes, finding, bounds);
    assert_eq!(report.checks.len(), RULES.len() + 1);
    for check in &report.checks {
        assert_eq!(check.passed, check.detail.is_none(), "{}", check.name);
    }
    report.checks.into_iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

#[track_caller]
fn expect(changes: &[Change], expected: &str) {
    let expected: Vec<_> = expected.split_whitespace().collect();
    assert_eq!(failing(changes, &finding(), &Bounds::default()), expected, "{changes:?}");
}

#[test]
fn an_honest_repair_passes_every_check() {
    let before = "import { x } from './x';\nexport const a = x.titel;\n";
    let after = "import { x } from './x';\nexport const a = x.title;\n";
    expect(&[change("src/list.ts", Some(before), Some(after))], "");
    expect(
        &[change("src/new.ts", None, Some(after)), moved("src/a.ts", "src/b.ts", Some(after), Some(after))],
        "",
    );
}

#[test]
fn nothing_is_no_change() {
    expect(&[], "applies");
}

#[rstest]
// Edits of files that are CI settings.
#[case::workflow(".github/workflows/ci.yml", "a: 1\n", "a: 2\n", "no_ci_edits")]
#[case::gitlab(".gitlab-ci.yml", "a: 1\n", "a: 2\n", "no_ci_edits")]
#[case::jenkins("ci/Jenkinsfile", "a\n", "b\n", "no_ci_edits")]
#[case::like_ci("src/github/client.ts", "a\n", "b\n", "")]
#[case::vercel_command(
    "vercel.json",
    r#"{"buildCommand":"next build"}"#,
    r#"{"buildCommand":"true"}"#,
    "no_ci_edits"
)]
#[case::vercel_new_command("web/vercel.json", "{}", r#"{"ignoreCommand":"exit 0"}"#, "no_ci_edits")]
#[case::vercel_gone(r"vercel.json", r#"{"buildCommand":"x"}"#, "{}", "no_ci_edits")]
#[case::vercel_broken_after("vercel.json", "{}", "{", "no_ci_edits")]
#[case::vercel_rewrites(
    "vercel.json",
    r#"{"buildCommand":"x","rewrites":[]}"#,
    r#"{"buildCommand":"x","rewrites":[{"source":"/a"}]}"#,
    ""
)]
#[case::vercel_repaired(
    "vercel.json",
    r#"{"buildCommand":"next build",}x"#,
    r#"{"buildCommand":"next build"}"#,
    ""
)]
#[case::vercel_repaired_and_changed(
    "vercel.json",
    r#"{"buildCommand":"next build",}x"#,
    r#"{"buildCommand":"true!"}"#,
    "no_ci_edits"
)]
#[case::netlify("netlify.toml", "[build]\ncommand = \"a\"\n", "[build]\ncommand = \"b\"\n", "no_ci_edits")]
#[case::render("render.yaml", "buildCommand: a\n", "buildCommand: b\n", "no_ci_edits")]
#[case::render_other("render.yaml", "buildCommand: a\nname: x\n", "buildCommand: a\nname: y\n", "")]
#[case::wrangler("wrangler.jsonc", "{\"main\": \"a.ts\"}\n", "{\"main\": \"b.ts\"}\n", "")]
// Tests.
#[case::test_skipped(
    "src/a.test.ts",
    "it('a', () => { expect(x).toBe(1) })\n",
    "it.skip('a', () => { expect(x).toBe(1) })\n",
    "tests_kept"
)]
#[case::test_only(
    "src/a.test.ts",
    "it('a', () => {});\nit('b', () => {});\n",
    "it.only('a', () => {});\nit('b', () => {});\n",
    "tests_kept"
)]
#[case::test_x("src/a.spec.js", "it('a', () => {})\n", "xit('a', () => {})\n", "tests_kept")]
#[case::test_each_skip(
    "src/a.test.ts",
    "it.each([1])('a', () => {})\n",
    "it.each.skip([1])('a', () => {})\n",
    "tests_kept"
)]
#[case::test_commented_out(
    "src/a.test.ts",
    "it('a', () => { expect(x).toBe(1) })\n",
    "// it('a', () => { expect(x).toBe(1) })\n",
    "tests_kept"
)]
#[case::assertion_commented_out(
    "tests/a.ts",
    "it('a', () => {\n  expect(x).toBe(1);\n})\n",
    "it('a', () => {\n  /* expect(x).toBe(1); */\n})\n",
    "tests_kept"
)]
#[case::assertion_removed(
    "src/a.test.ts",
    "it('a', () => { expect(a).toBe(1); expect(b).toBe(2) })\n",
    "it('a', () => { expect(a).toBe(1) })\n",
    "tests_kept"
)]
#[case::assertion_hollow(
    "src/a.test.ts",
    "it('a', () => { expect(a).toBe(1) })\n",
    "it('a', () => { expect(true).toBe(true) })\n",
    "tests_kept"
)]
#[case::test_emptied("src/a.test.ts", "it('a', () => {})\n", "\n", "tests_kept")]
#[case::pytest(
    "tests/test_a.py",
    "def test_a():\n    assert f() == 1\n",
    "@pytest.mark.skip\ndef test_a():\n    assert f() == 1\n",
    "tests_kept"
)]
#[case::pytest_hollow(
    "tests/test_a.py",
    "def test_a():\n    assert f() == 1\n",
    "def test_a():\n    assert True\n",
    "tests_kept"
)]
#[case::rust_ignored(
    "tests/a.rs",
    "#[test]\nfn a() { assert_eq!(1, f()); }\n",
    "#[test]\n#[ignore]\nfn a() { assert_eq!(1, f()); }\n",
    "tests_kept"
)]
#[case::go_skipped(
    "a_test.go",
    "func TestA(t *testing.T) {\n}\n",
    "func TestA(t *testing.T) {\n\tt.Skip()\n}\n",
    "tests_kept"
)]
#[case::snapshot("src/__snapshots__/a.snap", "a\n", "b\n", "tests_kept")]
#[case::test_repaired(
    "src/a.test.ts",
    "it('a', () => { expect(p.titel).toBe(1) })\n",
    "it('a', () => { expect(p.title).toBe(1) })\n",
    ""
)]
#[case::test_grown(
    "src/a.test.ts",
    "it('a', () => { expect(a).toBe(1) })\n",
    "it('a', () => { expect(a).toBe(1) })\nit('b', () => { expect(b).toBe(2) })\n",
    ""
)]
#[case::regex_test_is_no_test(
    "src/a.test.ts",
    "const a = /x/.test(y);\nit('a', () => {});\n",
    "const a = y.includes('x');\nit('a', () => {});\n",
    ""
)]
// Silencing.
#[case::ts_ignore("src/list.ts", "a;\n", "// @ts-ignore\na;\n", "no_silencing")]
#[case::ts_nocheck("src/list.ts", "a;\n", "// @ts-nocheck\na;\n", "no_silencing")]
#[case::ts_expect_error("src/list.tsx", "a;\n", "{/* @ts-expect-error */}\na;\n", "no_silencing")]
#[case::eslint("src/list.ts", "a;\n", "/* eslint-disable */\na;\n", "no_silencing")]
#[case::eslint_line("src/list.ts", "a;\n", "a; // eslint-disable-line no-x\n", "no_silencing")]
#[case::biome("src/list.ts", "a;\n", "// biome-ignore lint: x\na;\n", "no_silencing")]
#[case::in_prose("docs/lint.md", "a\n", "use eslint-disable and @ts-ignore\n", "")]
#[case::removed_silencer("src/list.ts", "// @ts-ignore\na;\n", "b;\n", "")]
#[case::below_silencer("src/list.ts", "// @ts-ignore\na;\n", "// @ts-ignore\nb;\n", "")]
#[case::indented("src/list.ts", "// @ts-ignore\na;\n", "if (x) {\n  // @ts-ignore\n  a;\n}\n", "")]
#[case::swapped(
    "src/list.ts",
    "// @ts-ignore\na;\n1;\n2;\n3;\nb;\n",
    "a;\n1;\n2;\n3;\n// @ts-ignore\nb;\n",
    "no_silencing"
)]
#[case::moved_with_its_line(
    "src/list.ts",
    "// @ts-ignore\na();\n1;\n2;\n3;\n",
    "1;\n2;\n3;\n// @ts-ignore\na();\n",
    ""
)]
#[case::copied(
    "src/list.ts",
    "// @ts-ignore\na();\n",
    "// @ts-ignore\na();\n// @ts-ignore\nb();\n",
    "no_silencing"
)]
#[case::copied_in_place(
    "src/list.ts",
    "// @ts-ignore\na();\n",
    "// @ts-ignore\nb();\n// @ts-ignore\nc();\n",
    "no_silencing"
)]
#[case::rewritten_twice(
    "src/list.ts",
    "  // @ts-ignore\n  a();\n",
    "// @ts-ignore\nb();\n// @ts-ignore\nc();\n",
    "no_silencing"
)]
#[case::moved_and_copied(
    "src/list.ts",
    "// @ts-ignore\na();\n1;\n2;\n3;\n",
    "1;\n// @ts-ignore\na();\n2;\n3;\n// @ts-ignore\na();\n",
    "no_silencing"
)]
#[case::next_ignores(
    "next.config.js",
    "module.exports = {}\n",
    "module.exports = { typescript: { ignoreBuildErrors: true } }\n",
    "no_silencing"
)]
#[case::next_ignores_computed(
    "next.config.mjs",
    "export default {}\n",
    "export default { eslint: { ignoreDuringBuilds: !!1 } }\n",
    "no_silencing"
)]
#[case::next_heeds(
    "next.config.js",
    "module.exports = { typescript: { ignoreBuildErrors: true } }\n",
    "module.exports = { typescript: { ignoreBuildErrors: false } }\n",
    ""
)]
#[case::csr_bailout(
    "next.config.js",
    "x\n",
    "x\nexperimental: { missingSuspenseWithCSRBailout: false }\n",
    "no_silencing"
)]
#[case::continue_on_error("build/steps.yml", "run: x\n", "run: x\ncontinue-on-error: true\n", "no_silencing")]
#[case::or_true("build.sh", "tsc\n", "tsc || true\n", "no_silencing")]
#[case::semicolon_true("Makefile", "build:\n\ttsc\n", "build:\n\ttsc; true\n", "no_silencing")]
#[case::set_plus_e("build.sh", "set -e\ntsc\n", "set +e\ntsc\n", "no_silencing")]
#[case::or_true_in_code("src/list.ts", "const a = b;\n", "const a = b || true;\n", "")]
#[case::lint_rule_off(
    "eslint.config.mjs",
    "rules: {}\n",
    "rules: { 'no-unused-vars': 'off' }\n",
    "no_silencing"
)]
#[case::lint_rule_zero(".eslintrc.json", "{\"rules\": {}}\n", "{\"rules\": {\"no-x\": 0}}\n", "no_silencing")]
#[case::lint_warn(
    ".eslintrc.json",
    "{\"rules\": {\"a\": \"error\"}}\n",
    "{\"rules\": {\"a\": \"warn\"}}\n",
    "no_silencing"
)]
#[case::lint_plugin("eslint.config.mjs", "import a from 'a';\n", "import a from 'b';\n", "")]
#[case::eslintignore(".eslintignore", "dist\n", "dist\nsrc/list.ts\n", "no_silencing")]
#[case::noqa("app/main.py", "import x\n", "import x  # noqa\n", "no_silencing")]
#[case::allow("src/main.rs", "fn a() {}\n", "#[allow(dead_code)]\nfn a() {}\n", "no_silencing")]
// Casts.
#[case::as_any("src/list.ts", "const a = p.titel;\n", "const a = (p as any).titel;\n", "no_casts")]
#[case::as_any_at_the_end("src/list.ts", "const a = p\n", "const a = p as any\n", "no_casts")]
#[case::as_unknown_as("src/list.tsx", "f(p);\n", "f(p as unknown as Q);\n", "no_casts")]
#[case::angle("src/list.ts", "f(p);\n", "f(<any>p);\n", "no_casts")]
#[case::as_words("src/list.tsx", "<p>x</p>\n", "<p>as any other</p>\n", "")]
#[case::as_type("src/list.ts", "f(p);\n", "f(p as Product);\n", "")]
#[case::kept_cast("src/list.ts", "f((p as any).a);\n", "f((p as any).b);\n", "")]
#[case::cast_in_js("src/list.js", "// x\n", "// as any;\n", "")]
// Compiler settings.
#[case::strict_off(
    "tsconfig.json",
    r#"{"compilerOptions":{"strict":true}}"#,
    r#"{"compilerOptions":{"strict":false}}"#,
    "compiler_kept"
)]
#[case::strict_gone(
    "tsconfig.json",
    r#"{"compilerOptions":{"strict":true}}"#,
    r#"{"compilerOptions":{}}"#,
    "compiler_kept"
)]
#[case::part_of_strict_off(
    "tsconfig.app.json",
    r#"{"compilerOptions":{"strict":true}}"#,
    r#"{"compilerOptions":{"strict":true,"noImplicitAny":false}}"#,
    "compiler_kept"
)]
#[case::implied_anyway(
    "tsconfig.json",
    r#"{"compilerOptions":{"strict":true,"noImplicitAny":true}}"#,
    r#"{"compilerOptions":{"strict":true}}"#,
    ""
)]
#[case::stricter("tsconfig.json", r#"{"compilerOptions":{}}"#, r#"{"compilerOptions":{"strict":true}}"#, "")]
#[case::skip_lib_check(
    "tsconfig.json",
    r#"{"compilerOptions":{}}"#,
    r#"{"compilerOptions":{"skipLibCheck":true}}"#,
    "compiler_kept"
)]
#[case::had_skip_lib_check(
    "tsconfig.json",
    r#"{"compilerOptions":{"skipLibCheck":true}}"#,
    r#"{"compilerOptions":{"skipLibCheck":true,"jsx":"preserve"}}"#,
    ""
)]
#[case::no_emit_on_error(
    "tsconfig.json",
    r#"{"compilerOptions":{"noEmitOnError":true}}"#,
    r#"{"compilerOptions":{}}"#,
    "compiler_kept"
)]
#[case::excluded(
    "tsconfig.json",
    r#"{"exclude":["dist"]}"#,
    r#"{"exclude":["dist","src/list.ts"]}"#,
    "compiler_kept"
)]
#[case::included_less(
    "tsconfig.json",
    r#"{"include":["src","app"]}"#,
    r#"{"include":["app"]}"#,
    "compiler_kept"
)]
#[case::included_more("tsconfig.json", r#"{"include":["app"]}"#, r#"{"include":["src","app"]}"#, "")]
#[case::extends("tsconfig.json", r#"{"extends":"./base.json"}"#, "{}", "compiler_kept")]
#[case::paths(
    "tsconfig.json",
    "{ // c\n\"compilerOptions\":{\"paths\":{}}}",
    "{ // c\n\"compilerOptions\":{\"paths\":{\"@/*\":[\"./src/*\"]},}}",
    ""
)]
#[case::broken("tsconfig.json", "{}", "{", "compiler_kept")]
// Scripts.
#[case::build_lost_tsc(
    "package.json",
    r#"{"scripts":{"build":"tsc && vite build"}}"#,
    r#"{"scripts":{"build":"vite build"}}"#,
    "scripts_kept"
)]
#[case::build_hollow(
    "package.json",
    r#"{"scripts":{"build":"next build"}}"#,
    r#"{"scripts":{"build":"echo ok"}}"#,
    "scripts_kept"
)]
#[case::build_gone(
    "package.json",
    r#"{"scripts":{"build":"next build"}}"#,
    r#"{"scripts":{}}"#,
    "scripts_kept"
)]
#[case::test_gone(
    "package.json",
    r#"{"scripts":{"test":"vitest run"}}"#,
    r#"{"scripts":{"test":"exit 0"}}"#,
    "scripts_kept"
)]
#[case::build_flag(
    "package.json",
    r#"{"scripts":{"build":"next build --turbo"}}"#,
    r#"{"scripts":{"build":"next build"}}"#,
    ""
)]
#[case::build_more(
    "package.json",
    r#"{"scripts":{"build":"vite build"}}"#,
    r#"{"scripts":{"build":"prisma generate && vite build"}}"#,
    ""
)]
#[case::build_or_true(
    "package.json",
    "{\"scripts\":{\n\"build\":\"tsc\"}}",
    "{\"scripts\":{\n\"build\":\"tsc || true\"}}",
    "no_silencing"
)]
#[case::build_or_true_and_hollow(
    "package.json",
    r#"{"scripts":{"build":"tsc"}}"#,
    r#"{"scripts":{"build":"true"}}"#,
    "scripts_kept"
)]
#[case::postinstall(
    "package.json",
    r#"{"scripts":{}}"#,
    r#"{"scripts":{"postinstall":"node x.js"}}"#,
    "scripts_kept"
)]
#[case::broken_json("package.json", "{}", "{", "scripts_kept")]
#[case::repaired_json(
    "package.json",
    r#"{"scripts":{"build":"tsc"},,}"#,
    r#"{"scripts":{"build":"tsc"}}"#,
    ""
)]
#[case::repaired_otherwise(
    "package.json",
    r#"{"scripts":{"build":"tsc"},,}"#,
    r#"{"scripts":{"build":"exit 0"}}"#,
    "scripts_kept"
)]
// Dependencies.
#[case::version(
    "package.json",
    r#"{"dependencies":{"a":"^1"}}"#,
    r#"{"dependencies":{"a":"^2","d":"workspace:*"}}"#,
    ""
)]
#[case::behind_another_name(
    "package.json",
    r#"{"dependencies":{"a":"^1"}}"#,
    r#"{"dependencies":{"a":"npm:@x/c@2"}}"#,
    "no_new_packages"
)]
#[case::in_place_of_another(
    "package.json",
    r#"{"dependencies":{"a":"^1"}}"#,
    r#"{"dependencies":{"a":"^1"},"overrides":{"b":"npm:c@2"}}"#,
    "no_new_packages"
)]
#[case::new_package(
    "package.json",
    r#"{"dependencies":{"a":"^1"}}"#,
    r#"{"dependencies":{"a":"^1"},"devDependencies":{"b":"^1"}}"#,
    "no_new_packages"
)]
#[case::moved_package(
    "package.json",
    r#"{"dependencies":{"a":"^1"}}"#,
    r#"{"devDependencies":{"a":"^1"}}"#,
    ""
)]
#[case::from_git(
    "package.json",
    r#"{"dependencies":{"a":"1"}}"#,
    r#"{"dependencies":{"a":"git+https://evil.example/a.git"}}"#,
    "dependencies"
)]
#[case::from_github(
    "package.json",
    r#"{"dependencies":{"a":"1"}}"#,
    r#"{"devDependencies":{"a":"user/a"}}"#,
    "dependencies"
)]
#[case::lock_alone("package-lock.json", "{}\n", "{ }\n", "dependencies")]
// Scope.
#[case::npmrc(".npmrc", "a=1\n", "registry=https://evil.example\n", "scope")]
#[case::gitattributes("src/.gitattributes", "a\n", "* linguist-generated\n", "scope")]
#[case::husky(".husky/pre-commit", "a\n", "b\n", "scope")]
#[case::ssh("home/.ssh/config", "a\n", "b\n", "scope")]
#[case::build_output(".next/x.js", "a\n", "b\n", "scope")]
#[case::nvmrc(".nvmrc", "18\n", "20\n", "")]
// Hidden characters.
#[case::bidi("src/list.ts", "a;\n", "a; // \u{202e}x\n", "no_hidden_text")]
#[case::escape("src/list.ts", "a;\n", "a; // \u{1b}[2K\n", "no_hidden_text")]
#[case::umlaut("src/list.ts", "a;\n", "\tb; // grün 👩‍💻\r\n", "")]
// Deleted code.
#[case::emptied("src/list.ts", "a;\n", "\n", "code_kept")]
// Secrets.
#[case::github_token(
    "src/list.ts",
    "a;\n",
    "const t = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';\n",
    "no_secrets"
)]
#[case::fine_grained("src/list.ts", "a;\n", "f('github_pat_11ABCDEFG0abcdefghijkl_mnop');\n", "no_secrets")]
#[case::aws("src/list.ts", "a;\n", "const k = \"AKIAIOSFODNN7EXAMPLE\";\n", "no_secrets")]
#[case::pem("src/key.ts", "a\n", "-----BEGIN RSA PRIVATE KEY-----\n", "no_secrets")]
#[case::model_key("src/list.ts", "a;\n", "const k = 'sk-ant-made-up-for-this-test-only';\n", "no_secrets")]
#[case::database(
    "src/list.ts",
    "a;\n",
    "connect('postgres://app:hunter22secret@db.example.com/app');\n",
    "no_secrets"
)]
#[case::assigned("src/list.ts", "a;\n", "const apiKey = 'f3Kq9ZpT7xW2mV8bR4nL';\n", "no_secrets")]
#[case::assigned_behind_a_placeholder(
    "src/list.ts",
    "a;\n",
    "const all = { token: 'your-own-token-here', apiKey: 'f3Kq9ZpT7xW2mV8bR4nL' };\n",
    "no_secrets"
)]
#[case::from_environment("src/list.ts", "a;\n", "const apiKey = process.env.API_KEY ?? '';\n", "")]
#[case::placeholder("src/list.ts", "a;\n", "const passwordLabel = 'your-new-password-here';\n", "")]
#[case::env_file(".env.production", "A=1\n", "A=2\n", "no_secrets")]
#[case::env_example(".env.example", "A=\n", "A=\nB=\n", "")]
fn edits(#[case] path: &str, #[case] before: &str, #[case] after: &str, #[case] expected: &str) {
    expect(&[change(path, Some(before), Some(after))], expected);
}

#[test]
fn deleted_and_moved_files() {
    let test = "it('a', () => { expect(a).toBe(1) })\n";
    expect(&[change("src/a.test.ts", Some(test), None)], "tests_kept");
    expect(&[change("src/__tests__", Some("../packages/tests"), None)], "tests_kept");
    expect(&[moved("src/a.test.ts", "src/a.ts.bak", Some(test), Some(test))], "tests_kept");
    expect(&[moved("src/a.test.ts", "src/deep/a.test.ts", Some(test), Some(test))], "");
    expect(&[change("src/list.ts", Some("a;\n"), None)], "code_kept");
    expect(&[moved("src/list.ts", "src/items.ts", Some("a;\n"), Some("a;\n"))], "");
    expect(&[change("src/unused.ts", Some("a;\n"), None)], "");
    expect(&[change("tsconfig.json", Some("{}"), None)], "compiler_kept");
    expect(&[change("package.json", Some("{}"), None)], "scripts_kept");
    expect(&[change("eslint.config.js", Some("a\n"), None)], "no_silencing");
    expect(&[change("package-lock.json", Some("{}"), None)], "dependencies");
    expect(&[change(".github/workflows/ci.yml", Some("a\n"), None)], "no_ci_edits");
    expect(&[moved(".github/workflows/ci.yml", "docs/ci.yml", Some("a\n"), Some("a\n"))], "no_ci_edits");
    expect(&[change(".env", None, Some("A=1\n"))], "no_secrets");
    // Of two files for one route one has to go.
    let conflict = Finding { message: "Conflicting app and page file was found".into(), ..finding() };
    assert!(failing(&[change("src/list.ts", Some("a;\n"), None)], &conflict, &Bounds::default()).is_empty());
}

#[test]
fn a_renamed_file_is_compared_with_what_it_was() {
    let silenced = "// @ts-ignore\na();\nb();\nc();\n";
    expect(&[moved("src/a.ts", "src/b.ts", Some(silenced), Some(silenced))], "");
    expect(&[change("src/b.ts", None, Some(silenced))], "no_silencing");
}

#[test]
fn contents_and_modes() {
    let with = |before: Option<Blob>, after: Option<Blob>| Change {
        path: "tool".into(),
        old_path: "tool".into(),
        before,
        after,
    };
    let file = || blob(Mode::File, "a\n");
    let run = || blob(Mode::Executable, "a\n");
    expect(&[with(None, blob(Mode::Symlink, "src"))], "file_modes");
    expect(&[with(file(), blob(Mode::Symlink, "src"))], "file_modes");
    expect(&[with(blob(Mode::Symlink, "src"), file())], "file_modes");
    expect(&[with(None, blob(Mode::Submodule, ""))], "file_modes");
    expect(&[with(file(), run())], "file_modes");
    expect(&[with(None, run())], "file_modes");
    expect(&[with(run(), blob(Mode::Executable, "b\n"))], "");
    expect(&[with(run(), file())], "");
    expect(&[with(None, blob(Mode::File, "\0PNG"))], "no_binaries");
    expect(&[with(blob(Mode::File, "\0PNG"), None)], "no_binaries");
}

#[test]
fn size_has_bounds() {
    let lines = |count: usize| (0..count).map(|number| format!("line{number};\n")).collect::<String>();
    let bounds = Bounds { max_files: 2, max_lines: 10, ..Bounds::default() };
    let judge = |changes: &[Change]| failing(changes, &finding(), &bounds);
    let file = |name: &str, count| change(name, None, Some(&lines(count)));
    assert_eq!(judge(&[file("a.ts", 10)]), Vec::<String>::new());
    assert_eq!(judge(&[file("a.ts", 11)]), ["size"]);
    assert_eq!(judge(&[file("a.ts", 1), file("b.ts", 1)]), Vec::<String>::new());
    assert_eq!(judge(&[file("a.ts", 1), file("b.ts", 1), file("c.ts", 1)]), ["size"]);
    let lock = change("package-lock.json", Some("{}"), Some(&format!("{{\n{}}}", "\n".repeat(500))));
    let (old, new) = (r#"{"dependencies":{"a":"1"}}"#, r#"{"dependencies":{"a":"2"}}"#);
    let manifest = change("package.json", Some(old), Some(new));
    assert_eq!(judge(&[manifest, lock]), Vec::<String>::new());
}

#[rstest]
#[case::module("TS2307: Cannot find module 'zod' or its type declarations.", "zod", true)]
#[case::inside_it("Can't resolve 'lodash/debounce' in '/repo/src'", "lodash", true)]
#[case::scoped("Cannot find package '@acme/ui' imported from /repo/a.mjs", "@acme/ui", true)]
#[case::types("Could not find a declaration file for module '@acme/ui'.", "@types/acme__ui", true)]
#[case::advised("Cannot find name 'process'. Try `npm i --save-dev @types/node`.", "@types/node", true)]
#[case::another("TS2307: Cannot find module 'zod' or its type declarations.", "left-pad", false)]
#[case::longer("TS2307: Cannot find module 'zod-extra'.", "zod", false)]
#[case::other_scope("TS2307: Cannot find module '@acme/ui'.", "ui", false)]
#[case::a_word("Property titel is not there.", "is", false)]
fn a_package_is_added_only_where_it_is_what_is_missing(
    #[case] message: &str,
    #[case] package: &str,
    #[case] allowed: bool,
) {
    let finding = Finding { message: message.into(), ..finding() };
    let after = format!(r#"{{"dependencies":{{"{package}":"1"}}}}"#);
    let manifest = change("package.json", Some("{}"), Some(&after));
    let expected: &[&str] = if allowed { &[] } else { &["no_new_packages"] };
    assert_eq!(failing(&[manifest], &finding, &Bounds::default()), expected, "{message}");
}

#[test]
fn programs_are_known_by_the_package_that_has_them() {
    let line = "sh: 1: tsc: not found";
    let finding = Finding { message: line.into(), error_type: ErrorType::Dependency, ..finding() };
    let add = |package: &str| {
        let after = format!(r#"{{"devDependencies":{{"{package}":"5"}}}}"#);
        failing(&[change("package.json", Some("{}"), Some(&after))], &finding, &Bounds::default())
    };
    assert_eq!((add("typescript"), add("left-pad")), (vec![], vec!["no_new_packages".to_owned()]));
}

#[rstest]
#[case("apps/web/src/a.ts", true)]
#[case("package.json", true)]
#[case("pnpm-lock.yaml", true)]
#[case("tsconfig.base.json", true)]
#[case("packages/ui/src/b.ts", true)]
#[case("packages/db/src/b.ts", false)]
#[case("apps/webshop/a.ts", false)]
#[case("apps/api/a.ts", false)]
#[case("README.md", false)]
fn a_project_in_a_workspace_keeps_to_itself(#[case] path: &str, #[case] allowed: bool) {
    let finding = Finding { affected_files: vec!["packages/ui/src/a.ts".into()], ..finding() };
    for root in ["apps/web", "/apps/web/", "./apps/web"] {
        let bounds = Bounds { root_directory: Some(root.into()), ..Bounds::default() };
        let failing = failing(&[change(path, Some("{}\n"), Some("{ }\n"))], &finding, &bounds);
        assert_eq!(!failing.contains(&"scope".to_owned()), allowed, "{path} in {root}");
    }
}

fn npm_lock(packages: &[(&str, &str, &str, Option<&str>)]) -> String {
    let packages: serde_json::Map<String, serde_json::Value> = packages
        .iter()
        .map(|(name, version, resolved, integrity)| {
            let mut package = serde_json::json!({"version": version, "resolved": resolved,
                "funding": {"url": "https://donate.example"}});
            if let Some(integrity) = integrity {
                package["integrity"] = (*integrity).into();
            }
            (format!("node_modules/{name}"), package)
        })
        .collect();
    serde_json::to_string_pretty(&serde_json::json!({"lockfileVersion": 3, "packages": packages}))
        .expect("json")
}

#[test]
fn lockfiles() {
    let npm = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
    let one = npm_lock(&[("a", "1.0.0", npm, Some("sha512-a"))]);
    let (old, new) = (r#"{"dependencies":{"b":"0"}}"#, r#"{"dependencies":{"b":"1"}}"#);
    let manifest = || change("package.json", Some(old), Some(new));
    let judge = |after: &[(&str, &str, &str, Option<&str>)]| {
        let lock = change("package-lock.json", Some(&one), Some(&npm_lock(after)));
        failing(&[manifest(), lock], &finding(), &Bounds::default())
    };
    let a = ("a", "1.0.0", npm, Some("sha512-a"));
    let b = |resolved| ("b", "1.0.0", resolved, Some("sha512-b"));
    let fine: [&str; 0] = [];
    assert_eq!(judge(&[a, b("https://registry.npmjs.org/b/-/b-1.0.0.tgz")]), fine);
    assert_eq!(judge(&[a, b("https://evil.example/b.tgz")]), ["dependencies"]);
    assert_eq!(judge(&[a, b("http://registry.npmjs.org/b.tgz")]), ["dependencies"]);
    assert_eq!(judge(&[a, b("git+ssh://git@evil.example/b.git#1")]), ["dependencies"]);
    assert_eq!(judge(&[a, ("b", "1.0.0", npm, None)]), ["dependencies"]);
    assert_eq!(judge(&[("a", "1.0.0", npm, Some("sha512-z"))]), ["dependencies"]);
    assert_eq!(judge(&[("a", "1.0.1", npm, Some("sha512-z"))]), fine);

    // A private registry that was used before may be used again, and a lockfile may change on its own when
    // packages are what is broken.
    let private = npm_lock(&[("a", "1.0.0", "https://npm.acme.example/a.tgz", Some("sha512-a"))]);
    let more = npm_lock(&[
        ("a", "1.0.0", "https://npm.acme.example/a.tgz", Some("sha512-a")),
        ("b", "1.0.0", "https://npm.acme.example/b.tgz", Some("sha512-b")),
    ]);
    let alone = [change("package-lock.json", Some(&private), Some(&more))];
    assert_eq!(failing(&alone, &finding(), &Bounds::default()), ["dependencies"]);
    let broken = Finding { error_type: ErrorType::Dependency, ..finding() };
    assert_eq!(failing(&alone, &broken, &Bounds::default()), fine);

    for (name, before, good, bad) in [
        (
            "yarn.lock",
            "",
            "b@1:\n  resolved \"https://registry.yarnpkg.com/b/-/b-1.tgz#x\"\n",
            "b@1:\n  resolved \"https://evil.example/b.tgz#x\"\n",
        ),
        (
            "pnpm-lock.yaml",
            "",
            "b:\n  resolution: {integrity: sha512-x}\n",
            "b:\n  resolution: {tarball: https://evil.example/b.tgz}\n",
        ),
        (
            "Cargo.lock",
            "",
            "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
            "source = \"git+https://evil.example/b#1\"\n",
        ),
        (
            "poetry.lock",
            "",
            "url = \"https://files.pythonhosted.org/b.whl\"\n",
            "url = \"https://evil.example/b.whl\"\n",
        ),
    ] {
        let judge =
            |after: &str| failing(&[change(name, Some(before), Some(after))], &broken, &Bounds::default());
        assert_eq!(judge(good), fine, "{name}");
        assert_eq!(judge(bad), ["dependencies"], "{name}");
    }
}

#[test]
fn a_program_that_does_not_exist_may_be_replaced() {
    let before = r#"{"scripts":{"build":"vte build"}}"#;
    let after = r#"{"scripts":{"build":"vite build"}}"#;
    let changes = [change("package.json", Some(before), Some(after))];
    assert_eq!(failing(&changes, &finding(), &Bounds::default()), ["scripts_kept"]);
    let unknown = Finding { root_line: "sh: 1: vte: not found".into(), ..finding() };
    assert!(failing(&changes, &unknown, &Bounds::default()).is_empty());
}

#[test]
fn objections_say_where_but_never_quote_a_secret() {
    let token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    let after = format!("a;\n// @ts-ignore\nconst t = '{token}';\n");
    let report = check(&[change("src/list.ts", Some("a;\n"), Some(&after))], &finding(), &Bounds::default());
    assert!(!report.passed());
    let text = report.objections();
    assert!(text.contains("src/list.ts:2: a comment that silences the type checker"), "{text}");
    assert!(text.contains("src/list.ts:3: a GitHub token"), "{text}");
    assert!(!text.contains(token));
}

#[tokio::test]
async fn judges_the_bytes_of_a_patch() {
    let origin = crate::server::github::git::testing::Origin::new(&[("src/list.ts", "a.titel;\n")]);
    let checkout = origin.clone_to("guarded").await;
    let patch = |new: &str| {
        format!(
            "diff --git a/src/list.ts b/src/list.ts\n--- a/src/list.ts\n+++ b/src/list.ts\n@@ -1 +1 @@\n-a.titel;\n+{new}\n"
        )
    };
    let judge = async |patch: &str, bounds: &Bounds| {
        let (report, staged) =
            check_patch(&checkout, patch.as_bytes(), &finding(), bounds).await.expect("git works");
        let failed = report
            .checks
            .iter()
            .filter(|check| !check.passed)
            .map(|check| check.name.clone())
            .collect::<Vec<_>>();
        (failed, staged.is_some())
    };
    let bounds = Bounds::default();
    assert_eq!(judge(&patch("a.title;"), &bounds).await, (vec![], true));
    assert_eq!(judge(&patch("// @ts-ignore"), &bounds).await, (vec!["no_silencing".to_owned()], true));
    assert_eq!(
        judge(&patch("x").replace("a.titel", "other"), &bounds).await,
        (vec!["applies".to_owned()], false)
    );
    assert_eq!(judge("", &bounds).await, (vec!["applies".to_owned()], false));
    let small = Bounds { max_bytes: 20, ..Bounds::default() };
    assert_eq!(judge(&patch("a.title;"), &small).await, (vec!["size".to_owned()], false));
}
