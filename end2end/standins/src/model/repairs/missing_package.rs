//! A package that is imported and not installed: installs it with the project's own package manager.

use super::{Change, Repair, give_up};
use crate::model::evidence::Evidence;

/// The change for this error.
pub fn repair(name: &str, evidence: &Evidence) -> Repair {
    let plain = |character: char| character.is_ascii_alphanumeric() || "@/._-".contains(character);
    if !name.chars().all(plain) || name.starts_with('-') {
        return Err(give_up("this is not the name of a package"));
    }
    let files = evidence.files_like("*")?;
    let has = |name: &str| files.iter().any(|path| path == name);
    let types = name.starts_with("@types/");
    let command = match (has("pnpm-lock.yaml"), has("yarn.lock"), has("bun.lock") || has("bun.lockb")) {
        (true, ..) => format!("pnpm add {}{name}", if types { "--save-dev " } else { "" }),
        (_, true, _) => format!("yarn add {}{name}", if types { "--dev " } else { "" }),
        (_, _, true) => format!("bun add {}{name}", if types { "--dev " } else { "" }),
        _ => format!("npm install {}{name}", if types { "--save-dev " } else { "" }),
    };
    Ok(Change::Run { command, why: format!("{name} is imported, and the project does not depend on it.") })
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
        let log = "src/a.ts(1,1): error TS2307: Cannot find module 'node:fs' or its corresponding type declarations.";
        assert_eq!(mend(log, &[("package.json", "{}")]), "npm install --save-dev @types/node");
    }
}
