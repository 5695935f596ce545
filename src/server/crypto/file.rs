//! The file in the data folder that keeps the key of an installation whose settings name none.

use super::{CryptoError, KeyRing};
use crate::server::{clock, config::Config};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::RngExt as _;
use secrecy::ExposeSecret as _;
use std::{io::Write as _, path::Path};

const KEY_BYTES: usize = 32;
/// Read and written by [`KeyRing::load`].
const KEY_FILE: &str = "encryption.key";

impl KeyRing {
    /// The keys of the setting, or of the file in the data folder, which is made on first start.
    ///
    /// # Errors
    /// When the setting or the file cannot be used.
    pub fn load(config: &Config) -> Result<Self, CryptoError> {
        match &config.encryption_key {
            Some(keys) => Self::parse(keys.expose_secret()),
            None => Self::parse(&read_or_make(&config.data_dir.join(KEY_FILE))?),
        }
    }
}

fn read_or_make(path: &Path) -> Result<String, CryptoError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Written aside and linked into place: two processes that start at once end up with the same key.
    if !path.exists() {
        let key: [u8; KEY_BYTES] = rand::rng().random();
        let aside = path.with_extension(format!("new-{}", clock::new_id()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        writeln!(file, "k1:{}", STANDARD.encode(key))?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&aside, path);
        std::fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(CryptoError::KeyFileReadable);
    }
    Ok(std::fs::read_to_string(path)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;

    #[test]
    fn the_key_file_is_made_once_and_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join(KEY_FILE);
        let made = read_or_make(&path).unwrap();
        assert_eq!(made, read_or_make(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_or_make(&path), Err(CryptoError::KeyFileReadable)));
    }
}
