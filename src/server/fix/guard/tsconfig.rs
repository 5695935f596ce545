//! `tsconfig.json` and `jsconfig.json`, compared as values.

use super::{FileChange, Input, Objections, json, kinds};
use serde_json::Value;

/// Options that find errors when they are on.
const STRICT: &[&str] = &[
    "strict",
    "noEmitOnError",
    "noUnusedLocals",
    "noUnusedParameters",
    "noImplicitReturns",
    "noFallthroughCasesInSwitch",
    "noUncheckedIndexedAccess",
    "noImplicitOverride",
    "exactOptionalPropertyTypes",
    "noPropertyAccessFromIndexSignature",
    "forceConsistentCasingInFileNames",
    "checkJs",
    "isolatedModules",
    "verbatimModuleSyntax",
];
/// Options that `strict` turns on, unless they are set themselves.
const OF_STRICT: &[&str] = &[
    "noImplicitAny",
    "strictNullChecks",
    "strictFunctionTypes",
    "strictBindCallApply",
    "strictPropertyInitialization",
    "strictBuiltinIteratorReturn",
    "noImplicitThis",
    "useUnknownInCatchVariables",
    "alwaysStrict",
];
/// Options that hide errors when they are on.
const LAX: &[&str] = &[
    "skipLibCheck",
    "skipDefaultLibCheck",
    "noCheck",
    "suppressImplicitAnyIndexErrors",
    "suppressExcessPropertyErrors",
    "allowUnreachableCode",
    "allowUnusedLabels",
    "noStrictGenericChecks",
    "noResolve",
];

pub(super) fn compiler(input: &Input<'_>) -> Objections {
    input.files.iter().filter(|file| kinds::is_tsconfig(file.old_path)).flat_map(weakened).collect()
}

fn weakened(file: &FileChange<'_>) -> Objections {
    let path = file.path;
    if file.is_deleted() {
        return vec![format!("{path}: deleted")];
    }
    let Some(after) = json::parse(file.after_text()) else {
        return vec![format!("{path}: cannot be read after the change")];
    };
    if file.before.is_none() {
        return newly_lax(path, &Value::Null, &after);
    }
    let Some(before) = json::parse(file.before_text()) else {
        // It could not be read before, so that its options had no effect: only the text can be compared.
        let text = file.before_text();
        let hides = |key: &&&str| is_on(&after, key) == Some(true) && !text.contains(**key);
        return LAX.iter().filter(hides).map(|key| format!("{path}: `{key}` is new")).collect();
    };
    let mut objections = newly_lax(path, &before, &after);
    objections.extend(
        STRICT
            .iter()
            .filter(|key| is_on(&before, key) == Some(true) && is_on(&after, key) != Some(true))
            .map(|key| format!("{path}: `{key}` was turned off")),
    );
    let by_strict = |config: &Value, key: &str| is_on(config, key).or(is_on(config, "strict")) == Some(true);
    objections.extend(
        OF_STRICT
            .iter()
            .filter(|key| {
                by_strict(&before, key) && !by_strict(&after, key) && is_on(&after, key) == Some(false)
                    || is_on(&before, key) == Some(true) && !by_strict(&after, key)
            })
            .map(|key| format!("{path}: `{key}` was turned off")),
    );
    if before.get("extends").is_some() && before.get("extends") != after.get("extends") {
        objections.push(format!("{path}: `extends` was changed"));
    }
    if list(&after, "exclude").iter().any(|entry| !list(&before, "exclude").contains(entry)) {
        objections.push(format!("{path}: `exclude` takes more files away"));
    }
    for key in ["include", "files", "references"] {
        if list(&before, key).iter().any(|entry| !list(&after, key).contains(entry)) {
            objections.push(format!("{path}: `{key}` names fewer files"));
        }
    }
    objections
}

fn newly_lax(path: &str, before: &Value, after: &Value) -> Objections {
    let new = |key: &&&str| is_on(after, key) == Some(true) && is_on(before, key) != Some(true);
    LAX.iter().filter(new).map(|key| format!("{path}: `{key}` was turned on")).collect()
}

fn is_on(config: &Value, option: &str) -> Option<bool> {
    config.get("compilerOptions")?.get(option)?.as_bool()
}

fn list<'a>(config: &'a Value, key: &str) -> Vec<&'a Value> {
    config.get(key).and_then(Value::as_array).map(|list| list.iter().collect()).unwrap_or_default()
}
