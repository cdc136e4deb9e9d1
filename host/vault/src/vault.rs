//! The vault as its callers see it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wirken_secret::Secret;
use wirken_types::credential::{OriginPattern, Place};
use wirken_types::{Digest, Timestamp};

use crate::error::VaultError;
use crate::files;
use crate::key::{Key, KeyKind, KeySource};
use crate::record::{Open, Records, Stored, VERSION};
use crate::sealer::Sealer;

/// An open vault. Secrets are decrypted when they are asked for; between, only the key is in memory.
pub struct Vault {
    dir: PathBuf,
    key: Key,
    key_check: Digest,
    records: Vec<Stored>,
}

/// A credential to be stored: whose it is, under which name, and where it may go.
#[derive(Clone, Debug)]
pub struct NewRecord {
    pub component: String,
    pub name: String,
    pub origins: Vec<OriginPattern>,
    pub places: Vec<Place>,
}

/// What [`Vault::add`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    Added,
    /// There was a credential of that name; its secret, origins and places are gone.
    Replaced,
}

/// A credential, for egress.
#[derive(Clone, Debug)]
pub struct Credential {
    pub origins: Vec<OriginPattern>,
    pub places: Vec<Place>,
    pub secret: Arc<Secret>,
}

/// A record for people to see: no secret, no ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordInfo {
    pub component: String,
    pub name: String,
    pub origins: Vec<String>,
    /// As typed on a command line; a place that this version does not know as its JSON.
    pub places: Vec<String>,
    pub created: Timestamp,
    pub rotated: Timestamp,
    /// Why the record cannot be used, and what to do. Then nothing else here can be relied on.
    pub problem: Option<String>,
}

impl Vault {
    /// Creates a vault with a new key in `dir`, and the folder itself if it is missing.
    pub fn create(dir: &Path, source: &KeySource) -> Result<Self, VaultError> {
        if Self::exists(dir)? {
            return Err(VaultError::AlreadyExists { dir: dir.to_owned() });
        }
        let key = Key::generate()?;
        let sealed = key.seal(source)?;
        files::prepare_dir(dir)?;
        let key_check = key.check();
        let mut vault = Self { dir: dir.to_owned(), key, key_check, records: Vec::new() };
        vault.replace(Vec::new())?;
        vault.key.store(dir, &sealed)?;
        Ok(vault)
    }

    /// Opens the vault in `dir`. Writes nothing, whatever the outcome.
    pub fn open(dir: &Path, source: &KeySource) -> Result<Self, VaultError> {
        if !Self::exists(dir)? {
            return Err(VaultError::Missing { dir: dir.to_owned() });
        }
        files::check_dir(dir)?;
        let path = records_path(dir);
        if !files::is_there(&path)? {
            return Err(VaultError::Damaged { path, what: "it is missing" });
        }
        let records = read_records(&path)?;
        let key = Key::load(dir, source)?;
        if records.key_check != key.check() {
            return Err(VaultError::WrongKey { dir: dir.to_owned() });
        }
        Ok(Self { dir: dir.to_owned(), key, key_check: records.key_check, records: records.records })
    }

    pub fn exists(dir: &Path) -> Result<bool, VaultError> {
        Ok(Self::key_kind(dir)?.is_some())
    }

    /// What opens the vault in `dir`, or nothing when there is no vault. Records without a key are a vault that lost it.
    pub fn key_kind(dir: &Path) -> Result<Option<KeyKind>, VaultError> {
        let kind = KeyKind::of(dir)?;
        let path = records_path(dir);
        // A crash before the key was written leaves records without one, but empty ones.
        if kind.is_none() && files::is_there(&path)? && !read_records(&path)?.records.is_empty() {
            return Err(VaultError::KeyLost { dir: dir.to_owned() });
        }
        Ok(kind)
    }

    /// Whether there is a record of this name, readable or not.
    pub fn holds(&self, component: &str, name: &str) -> bool {
        self.records.iter().any(|stored| stored.is(component, name))
    }

    /// Stores a credential, in place of the one of the same component and name.
    pub fn add(&mut self, record: NewRecord, secret: &Secret) -> Result<Added, VaultError> {
        let rotated = Timestamp::now();
        let NewRecord { component, name, origins, places } = record;
        let old = self.records.iter().find(|stored| stored.is(&component, &name));
        let (added, created) = old.map_or((Added::Added, rotated), |old| (Added::Replaced, old.created));
        let mut records: Vec<Stored> = self.records.iter().filter(|stored| !stored.is(&component, &name)).cloned().collect();
        records.push(Stored::seal(Open { component, name, origins, places, created, rotated }, secret, &self.key.cipher())?);
        records.sort_by(|a, b| (&a.component, &a.name).cmp(&(&b.component, &b.name)));
        self.replace(records)?;
        Ok(added)
    }

    /// Gives a credential another value, for the same origins and places; false when there is none of that name. Fails where
    /// its record was changed: that would make somebody else's origins its own.
    pub fn rotate(&mut self, component: &str, name: &str, secret: &Secret) -> Result<bool, VaultError> {
        let Some(old) = self.get(component, name)? else { return Ok(false) };
        let (component, name) = (component.to_owned(), name.to_owned());
        if old.secret.expose() == secret.expose() {
            return Err(VaultError::SameSecret { component, name });
        }
        self.add(NewRecord { component, name, origins: old.origins, places: old.places }, secret)?;
        Ok(true)
    }

    /// Removes a credential; false when there is none of that name.
    pub fn remove(&mut self, component: &str, name: &str) -> Result<bool, VaultError> {
        let records: Vec<Stored> = self.records.iter().filter(|stored| !stored.is(component, name)).cloned().collect();
        if records.len() == self.records.len() {
            return Ok(false);
        }
        self.replace(records)?;
        Ok(true)
    }

    /// Every record, those too that cannot be read.
    pub fn list(&self) -> Vec<RecordInfo> {
        let info = |stored: &Stored| RecordInfo {
            component: stored.component.clone(),
            name: stored.name.clone(),
            origins: stored.origins.clone(),
            places: stored.places.iter().map(show_place).collect(),
            created: stored.created,
            rotated: stored.rotated,
            problem: stored.open(&self.key.cipher()).err().map(|error| error.to_string()),
        };
        self.records.iter().map(info).collect()
    }

    /// A credential, when there is one of that name. Fails when its record was changed; the others stay usable.
    pub fn get(&self, component: &str, name: &str) -> Result<Option<Credential>, VaultError> {
        let Some(stored) = self.records.iter().find(|stored| stored.is(component, name)) else {
            return Ok(None);
        };
        let (origins, places, secret) = stored.open(&self.key.cipher())?;
        Ok(Some(Credential { origins, places, secret: Arc::new(secret) }))
    }

    /// Every secret that can be read, as `component/name` and value, for the leak scanner. What cannot be read cannot
    /// be sent either.
    pub fn secrets(&self) -> Vec<(String, Arc<Secret>)> {
        let secret = |stored: &Stored| {
            let (_, _, secret) = stored.open(&self.key.cipher()).ok()?;
            Some((format!("{}/{}", stored.component, stored.name), Arc::new(secret)))
        };
        self.records.iter().filter_map(secret).collect()
    }

    /// What encrypts for this purpose. The same vault makes the same for ever, and no other vault does.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        Sealer::new(purpose, &self.key.derive(purpose))
    }

    /// Writes these records, and only then takes them for its own.
    fn replace(&mut self, records: Vec<Stored>) -> Result<(), VaultError> {
        let path = records_path(&self.dir);
        let records = Records { version: VERSION, key_check: self.key_check, records };
        let mut json = serde_json::to_vec_pretty(&records).map_err(|_| VaultError::Encrypt)?;
        json.push(b'\n');
        files::write(&path, &json)?;
        self.records = records.records;
        Ok(())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("dir", &self.dir).field("records", &self.records.len()).finish_non_exhaustive()
    }
}

fn records_path(dir: &Path) -> PathBuf {
    dir.join("records.json")
}

fn read_records(path: &Path) -> Result<Records, VaultError> {
    #[derive(Deserialize)]
    struct Header {
        version: u64,
    }
    let bytes = files::read(path)?;
    let damaged = |_| VaultError::Damaged { path: path.to_owned(), what: "it is not a list of records" };
    // The version first: the rest of a newer file may have any form.
    let Header { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(VaultError::UnknownVersion { path: path.to_owned(), version });
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

fn show_place(place: &Value) -> String {
    Place::deserialize(place).map_or_else(|_| place.to_string(), |place| place.to_string())
}

#[cfg(test)]
mod tests;
