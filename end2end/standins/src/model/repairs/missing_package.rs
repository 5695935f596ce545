//! A package that is imported and not installed: installs it with the project's own package manager.

use super::{Change, Next, Repair, give_up};
use crate::model::evidence::Evidence;

/// The change for this error.
pub fn repair(name: &str, evidence: &Evidence) -> Repair {
    let plain = |character: char| character.is_ascii_alphanumeric() || "@/._-".contains(character);
    if !name.chars().all(plain) || name.starts_with('-') {
        return Err(give_up("this is not the name of a package"));
    }
    let manifest = evidence.file(&evidence.in_folder("package.json"), 1)?;
    if manifest.text.contains(&format!("\"{name}\":")) {
        return install(evidence);
    }
    let types = name.starts_with("@types/");
    let command = match manager(evidence)? {
        "pnpm" => format!("pnpm add {}{name}", if types { "--save-dev " } else { "" }),
        "yarn" => format!("yarn add {}{name}", if types { "--dev " } else { "" }),
        "bun" => format!("bun add {}{name}", if types { "--dev " } else { "" }),
        _ => format!("npm install {}{name}", if types { "--save-dev " } else { "" }),
    };
    Ok(Change::Run { command, why: format!("{name} is imported, and the project does not depend on it.") })
}

/// Installs what the project depends on, which changes none of its files.
pub fn install(evidence: &Evidence) -> Repair {
    let command = match &evidence.install {
        Some(command) => command.clone(),
        None => match manager(evidence)? {
            "npm" => "npm ci".to_owned(),
            manager => format!("{manager} install --frozen-lockfile"),
        },
    };
    Ok(Change::Run { command, why: "The project's packages are not installed here.".to_owned() })
}

fn manager(evidence: &Evidence) -> Result<&'static str, Next> {
    let files = evidence.files_like(&evidence.in_folder("*"))?;
    let has = |name: &str| files.iter().any(|path| path.rsplit('/').next() == Some(name));
    Ok(if has("pnpm-lock.yaml") {
        "pnpm"
    } else if has("yarn.lock") {
        "yarn"
    } else if has("bun.lock") || has("bun.lockb") {
        "bun"
    } else {
        "npm"
    })
}

#[cfg(test)]
mod tests {
    use crate::model::repairs::testing::mend;

    #[test]
    fn the_projects_package_manager_installs_it() {
        let log =
            "[vite]: Rollup failed to resolve import \"date-fns/format\" from \"/vercel/path0/src/App.tsx\".";
        assert_eq!(mend(log, &[("package.json", "{}"), ("package-lock.json", "{}")]), "npm install date-fns");
        assert_eq!(mend(log, &[("package.json", "{}"), ("pnpm-lock.yaml", "")]), "pnpm add date-fns");
        assert_eq!(mend(log, &[("package.json", "{ \"dependencies\": { \"date-fns\": \"4\" } }")]), "npm ci");
        assert_eq!(
            mend("sh: 1: tsc: not found", &[("package.json", "{}"), ("yarn.lock", "")]),
            "yarn install --frozen-lockfile"
        );
        let log = "src/a.ts(1,1): error TS2307: Cannot find module 'node:fs' or its corresponding type declarations.";
        assert_eq!(mend(log, &[("package.json", "{}")]), "npm install --save-dev @types/node");
    }
}
