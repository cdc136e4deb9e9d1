//! What a request may do, as its caller decided it: where it may go, which origins the human named, which credentials
//! are bound to it. Everything in here was settled before the component ran; nothing in it comes from the request.

use std::sync::Arc;

use serde_json::{Map, Value};
use wirken_manifest::Manifest;
use wirken_secret::Secret;
use wirken_types::credential::{Origin, OriginPattern, Place};

use crate::error::Error;

/// The authority of one request.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Who asks, as the human would name it in a command. For messages only.
    pub component: String,
    /// Where the request may go at all.
    pub origins: Vec<OriginPattern>,
    /// Origins that the human wrote down, in settings or on a command line. They widen nothing in `origins`; only they
    /// open this machine's own addresses and a private address written as such.
    pub own: Vec<Origin>,
    /// The manifest's credential bindings, each with what the vault holds for it.
    pub credentials: Vec<Binding>,
}

impl Authority {
    /// What a component's requests may do: what its manifest asks for under the human's settings, with what the vault
    /// holds. `label` is whose credentials these are: a component's name, or that of an account. `given` are the settings
    /// that the human wrote, and `settings` the same over the manifest's defaults.
    pub fn for_component(
        label: &str,
        manifest: &Manifest,
        given: &Map<String, Value>,
        settings: &Map<String, Value>,
        mut record: impl FnMut(&str) -> Option<Held>,
    ) -> Result<Self, Error> {
        let invalid = |error: &dyn std::error::Error| Error::Invalid(error.to_string());
        let mut credentials = Vec::with_capacity(manifest.credentials.len());
        for credential in &manifest.credentials {
            credentials.push(Binding {
                name: credential.name.clone(),
                stored_as: credential.stored_as().to_owned(),
                manifest_origins: manifest.resolve(&credential.origins, settings).map_err(|error| invalid(&error))?,
                place: credential.place().map_err(|error| invalid(&error))?,
                optional: credential.optional,
                record: record(credential.stored_as()),
            });
        }
        Ok(Self {
            component: label.to_owned(),
            origins: manifest.network_origins(settings).map_err(|error| invalid(&error))?,
            own: manifest.own_origins(given).map_err(|error| invalid(&error))?,
            credentials,
        })
    }
}

/// A credential that a manifest declares.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name by which requests ask for it.
    pub name: String,
    /// The name under which the vault holds it: another's, where both are one value.
    pub stored_as: String,
    /// Where the manifest wants it to go, its settings filled in.
    pub manifest_origins: Vec<OriginPattern>,
    pub place: Place,
    /// A request may go without it where the vault holds none.
    pub optional: bool,
    pub record: Option<Held>,
}

/// What the vault holds for a binding. Its origins and places are the human's.
#[derive(Clone, Debug)]
pub struct Held {
    pub origins: Vec<OriginPattern>,
    pub places: Vec<Place>,
    pub secret: Arc<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
name = "messenger"
kind = "channel"
version = "0.1.0"
world = "wirken:channel/channel@0.1.0"
[settings]
type = "object"
[settings.properties.server]
type = "string"
default = "https://api.example.com/v1"
[network]
origins = ["{settings.server}", "https://*.files.example.com"]
[[credentials]]
name = "token"
description = "The account's"
origins = ["{settings.server}"]
place = { kind = "path-prefix", prefix = "bot" }
[[credentials]]
name = "upload"
description = "For files"
origins = ["https://*.files.example.com"]
place = { kind = "bearer" }
optional = true
"#;

    fn built(given: &Value, record: impl FnMut(&str) -> Option<Held>) -> Result<Authority, Error> {
        let manifest = Manifest::parse(MANIFEST).expect("a manifest");
        let given = given.as_object().expect("an object");
        let settings = manifest.settings(given).expect("settings that fit");
        Authority::for_component("family-chat", &manifest, given, &settings, record)
    }

    fn texts(patterns: &[impl ToString]) -> Vec<String> {
        patterns.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn holds_what_manifest_settings_and_vault_say() {
        let held = |name: &str| {
            (name == "token").then(|| Held {
                origins: vec!["https://api.example.com".parse().expect("an origin")],
                places: vec!["path-prefix:bot".parse().expect("a place")],
                secret: Arc::new(Secret::from_string("correct-horse".to_owned())),
            })
        };
        let authority = built(&serde_json::json!({}), held).expect("an authority");
        assert_eq!(authority.component, "family-chat", "the label, not the component's name");
        assert_eq!(texts(&authority.origins), ["https://api.example.com", "https://*.files.example.com"]);
        assert!(authority.own.is_empty(), "a default is nobody's own");
        let [token, upload] = authority.credentials.as_slice() else { panic!("{authority:?}") };
        assert_eq!((token.name.as_str(), token.place.to_string().as_str(), token.optional), ("token", "path-prefix:bot", false));
        assert_eq!(texts(&token.manifest_origins), ["https://api.example.com"]);
        assert!(token.record.as_ref().is_some_and(|held| held.secret.expose() == b"correct-horse"));
        assert_eq!((upload.name.as_str(), upload.place.to_string().as_str(), upload.optional), ("upload", "bearer", true));
        assert!(upload.record.is_none());
    }

    #[test]
    fn the_humans_setting_moves_it_and_is_the_humans_own() {
        let authority = built(&serde_json::json!({ "server": "http://127.0.0.1:8081/x" }), |_| None).expect("an authority");
        assert_eq!(texts(&authority.own), ["http://127.0.0.1:8081"]);
        assert_eq!(texts(&authority.origins), ["http://127.0.0.1:8081", "https://*.files.example.com"]);
        assert!(authority.credentials.iter().all(|binding| binding.record.is_none()));
    }

    #[test]
    fn what_is_missing_is_asked_for_by_the_label() {
        let authority = built(&serde_json::json!({}), |_| None).expect("an authority");
        let origin = "https://api.example.com".parse().expect("an origin");
        let error = crate::place::decide(&authority.component, "token", &authority.credentials, &origin).expect_err("missing").to_string();
        assert!(error.contains("`wirken credentials add family-chat token`"), "{error}");
    }

    #[test]
    fn a_setting_that_is_no_url_is_named() {
        let error = built(&serde_json::json!({ "server": "nowhere" }), |_| None).expect_err("no URL");
        assert_eq!(error.kind(), "invalid");
        assert!(error.to_string().contains("server"), "{error}");
    }
}
