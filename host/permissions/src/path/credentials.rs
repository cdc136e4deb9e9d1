//! Names of files and folders that hold credentials, or what is as private: keys, tokens, passwords, histories of typed
//! commands, browser profiles.
//!
//! A list of what is dangerous, because most files hold no credential and a path does not tell. Outside of the workspace
//! every hidden file and folder is tier 3 besides, whether it is here or not. Names are compared by their fold.

/// A part of a path that makes all below it private, wherever it stands.
const FOLDERS: &[&str] = &[
    ".1password",
    ".android",
    ".ansible",
    ".aws",
    ".azure",
    ".bitcoin",
    ".chia",
    ".docker",
    ".electrum",
    ".ethereum",
    ".fly",
    ".gcloud",
    ".gnupg",
    ".kube",
    ".m2",
    ".minikube",
    ".mozilla",
    ".oci",
    ".password-store",
    ".pki",
    ".secrets",
    ".ssh",
    ".sops",
    ".terraform.d",
    ".thunderbird",
    ".vault",
    ".wirken",
    "1password",
    "bitwarden",
    "bravesoftware",
    "chromium",
    "firefox",
    "gcloud",
    "gnome-keyring",
    "google-chrome",
    "keepassxc",
    "keychains",
    "keyrings",
    "kwalletd",
    "microsoft-edge",
    "opera",
    "rbw",
    "secrets",
    "vivaldi",
];

/// A file's whole name.
const FILES: &[&str] = &[
    ".boto",
    ".bash_history",
    ".dockercfg",
    ".dockerconfigjson",
    ".env",
    ".envrc",
    ".esmtprc",
    ".fetchmailrc",
    ".git-credentials",
    ".htpasswd",
    ".msmtprc",
    ".mylogin.cnf",
    ".my.cnf",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".s3cfg",
    ".smbcredentials",
    ".vault-token",
    ".yarnrc",
    ".yarnrc.yml",
    "_netrc",
    "accesstokens.json",
    "authorized_keys",
    "cookies",
    "cookies.sqlite",
    "credentials",
    "gshadow",
    "gshadow-",
    "key3.db",
    "key4.db",
    "krb5.keytab",
    "kubeconfig",
    "local state",
    "login data",
    "logins.json",
    "master.key",
    "master.passwd",
    "opasswd",
    "passwd-",
    "shadow",
    "shadow-",
    "signons.sqlite",
    "sudoers",
    "terraform.tfstate",
    "wallet.dat",
    "web data",
    "wpa_supplicant.conf",
];

/// How a file's name begins. `id_` is how every private key of OpenSSH does.
const BEGINNINGS: &[&str] = &[
    ".env.",
    ".env-",
    ".env_",
    "client_secret",
    "credentials.",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "id_xmss",
    "private_key",
    "private-key",
    "privkey",
    "secret.",
    "secrets.",
    "service-account",
    "service_account",
    "ssh_host_",
];

/// How it ends.
const ENDINGS: &[&str] = &[
    ".agekey",
    ".asc",
    ".env",
    ".gpg",
    ".jks",
    ".kdb",
    ".kdbx",
    ".key",
    ".keychain",
    ".keychain-db",
    ".keystore",
    ".keytab",
    ".ovpn",
    ".p12",
    ".p8",
    ".pem",
    ".pfx",
    ".pkcs12",
    ".ppk",
    ".tfstate",
    ".tfvars",
    "_history",
    "_ed25519",
    "_rsa",
];

/// Folders of a system, from the root.
const ROOTED: &[&[&str]] = &[
    &["etc", "networkmanager"],
    &["etc", "ppp"],
    &["etc", "ssh"],
    &["etc", "ssl", "private"],
    &["etc", "sudoers.d"],
    &["etc", "wireguard"],
    &["var", "lib", "docker"],
    &["var", "lib", "containers"],
    &["var", "lib", "kubelet"],
    &["var", "spool"],
];

/// Whether the parts of a folded path, from the root, name such a file or folder.
pub(super) fn named_by(parts: &[&str]) -> bool {
    let Some(name) = parts.last() else { return false };
    parts.iter().any(|part| FOLDERS.contains(part) || is_key_folder(part))
        || FILES.contains(name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || ROOTED.iter().any(|folder| parts.starts_with(folder))
        || matches!(parts, [.., ".git", "config"] | [.., ".cargo", "credentials" | "credentials.toml"] | [.., "gh", "hosts.yml"])
}

/// Folders that are named as a file of environment is.
fn is_key_folder(part: &str) -> bool {
    part == ".env" || part.starts_with(".env.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own_fold_and_stands_once() {
        for list in [FOLDERS, FILES, BEGINNINGS, ENDINGS] {
            for name in list {
                assert_eq!(crate::shown::fold(name), *name);
                assert_eq!(list.iter().filter(|other| *other == name).count(), 1, "{name}");
            }
        }
    }

    #[test]
    fn finds_them_wherever_they_stand_and_nothing_near_them() {
        for parts in [
            &["home", "me", ".ssh"][..],
            &["workspace", "old", ".ssh", "config"],
            &["workspace", ".env"],
            &["workspace", ".env.production"],
            &["workspace", "prod.env"],
            &["workspace", "deploy.pem"],
            &["workspace", ".git", "config"],
            &["etc", "shadow"],
            &["etc", "ssl", "private", "x"],
        ] {
            assert!(named_by(parts), "{parts:?}");
        }
        for parts in [
            &[][..],
            &["workspace", "environment.md"],
            &["workspace", "ssh", "config"],
            &["workspace", "shadows"],
            &["workspace", "src", "key.rs"],
            &["workspace", ".git", "HEAD"],
            &["workspace", ".gitignore"],
            &["etc", "passwd"],
            &["etc", "ssl", "certs", "x"],
        ] {
            assert!(!named_by(parts), "{parts:?}");
        }
    }
}
