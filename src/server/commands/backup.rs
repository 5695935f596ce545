//! `deploymend backup FILE`: the database → one file, while servers go on writing.
//!
//! The file holds secrets only as they are stored, sealed: without the encryption key it restores everything but those.

use crate::server::{
    audit,
    clock::{Clock, new_id},
    config::Config,
    db::{Db, backup},
};
use anyhow::{Context as _, bail, ensure};
use std::{
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};
use url::Url;

/// Makes the backup. A file that is there already is left alone.
///
/// SQLite is copied at one point in time (`VACUUM INTO`) and the copy is checked; for PostgreSQL `pg_dump` is run.
pub async fn run(config: Config, file: PathBuf) -> anyhow::Result<ExitCode> {
    ensure!(!file.exists(), "{} is there already", file.display());
    let url = config.database_url();
    let part = Part::new(&file)?;
    let kind = if url.starts_with("sqlite:") {
        backup::sqlite(&url, &part.0).await.context("the database cannot be copied")?;
        "sqlite"
    } else {
        dump(&url, &part.0)?;
        "postgresql"
    };
    part.becomes(&file)?;
    let db = Db::connect(&url).await?;
    let made = audit::by_command(
        &db,
        "backup.make",
        "command line",
        [("kind", kind.to_owned())],
        Clock::System.now(),
    );
    made.await.context("the backup is made, and could not be written into the audit log")?;
    println!("{} holds the whole database.", file.display());
    match config.encryption_key {
        Some(_) => println!(
            "Keep DEPLOYMEND_ENCRYPTION_KEY too, elsewhere: without it stored tokens cannot be read."
        ),
        None => println!(
            "Keep {} too, elsewhere: without it stored tokens cannot be read.",
            config.data_dir.join("encryption.key").display()
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that nobody else can read, beside the one that it becomes; gone if it does not.
struct Part(PathBuf);

impl Part {
    fn new(file: &Path) -> anyhow::Result<Self> {
        let name = file.file_name().context("this is no name of a file")?.to_string_lossy();
        let path = file.with_file_name(format!(".{name}.{}", new_id()));
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write beside {}", file.display()))?;
        Ok(Self(path))
    }

    /// Whole and on disk, or not at all, and never over another file.
    fn becomes(self, file: &Path) -> anyhow::Result<()> {
        fs::File::open(&self.0)?.sync_all()?;
        fs::hard_link(&self.0, file).with_context(|| format!("cannot make {}", file.display()))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(fs::File::open(folder)?.sync_all()?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs `pg_dump`. The password goes by its environment: everybody may see the arguments of a process.
fn dump(url: &str, to: &Path) -> anyhow::Result<()> {
    let mut address: Url = url.parse().context("the address of the database is none")?;
    let password = address.password().map(str::to_owned);
    let _ = address.set_password(None);
    let mut command = Command::new("pg_dump");
    command
        .args(["--format=custom", "--no-owner", "--no-privileges"])
        .arg("--file")
        .arg(to)
        .arg(address.as_str());
    if let Some(password) = password {
        command.env("PGPASSWORD", decoded(&password));
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("pg_dump ended with {status}"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "pg_dump is not on this machine. Run it where it is, in the version of the server or a later one:\n  pg_dump \
             --format=custom --no-owner --no-privileges --file FILE {address}"
        ),
        Err(error) => Err(error).context("pg_dump does not start"),
    }
}

/// What stands for a password in an address.
fn decoded(text: &str) -> String {
    // As the value of a form's field, in which these two are not themselves.
    let field = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    let value = url::form_urlencoded::parse(field.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_read_as_the_database_reads_them() {
        for (text, password) in [("plain", "plain"), ("a%40b%2Fc", "a@b/c"), ("1+1=2&x", "1+1=2&x"), ("", "")]
        {
            assert_eq!(decoded(text), password);
        }
    }
}
