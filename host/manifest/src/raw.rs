//! From text to a checked `Manifest`: first the keys, then the types, then what each value may be.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Credential, Kind, Limits, MAX_CREDENTIALS, MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_ORIGINS, MAX_VERSION_CHARS, MAX_WORLD_CHARS,
    Manifest, ManifestError, OriginSpec, PlaceSpec, Workspace, keys, settings,
};

#[derive(Deserialize)]
struct RawManifest {
    name: String,
    kind: Kind,
    version: String,
    world: String,
    description: String,
    #[serde(default)]
    limits: RawLimits,
    settings: Option<toml::Table>,
    #[serde(default)]
    credentials: Vec<RawCredential>,
    #[serde(default)]
    network: RawNetwork,
    #[serde(default)]
    filesystem: RawFilesystem,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawLimits {
    fuel: Option<i64>,
    deadline_millis: Option<i64>,
    memory_bytes: Option<i64>,
    table_elements: Option<i64>,
    output_bytes: Option<i64>,
}

#[derive(Deserialize)]
struct RawCredential {
    name: String,
    description: String,
    origins: Vec<String>,
    place: PlaceSpec,
    #[serde(default)]
    optional: bool,
}

#[derive(Default, Deserialize)]
struct RawNetwork {
    #[serde(default)]
    origins: Vec<String>,
}

#[derive(Default, Deserialize)]
struct RawFilesystem {
    #[serde(default)]
    workspace: Workspace,
}

pub(crate) fn parse(text: &str) -> Result<Manifest, ManifestError> {
    let toml = |error: toml::de::Error| ManifestError::Toml(error.to_string().trim_end().to_owned());
    let table: toml::Table = toml::from_str(text).map_err(toml)?;
    keys::check(&table)?;
    check(toml::from_str(text).map_err(toml)?)
}

fn check(raw: RawManifest) -> Result<Manifest, ManifestError> {
    require_name("name", &raw.name)?;
    if !is_version(&raw.version) {
        return Err(ManifestError::invalid("version", format!("`{}` is not a semantic version like 1.0.0", raw.version)));
    }
    if !is_world(&raw.world) {
        let problem = format!("`{}` is not a world like `wirken:provider/provider@0.1.0`", raw.world);
        return Err(ManifestError::invalid("world", problem));
    }
    require_description("description", &raw.description)?;
    let settings = raw.settings.map_or_else(|| Ok(settings::none()), settings::schema)?;
    if raw.credentials.len() > MAX_CREDENTIALS {
        return Err(ManifestError::invalid("credentials", format!("at most {MAX_CREDENTIALS}")));
    }
    let mut credentials: Vec<Credential> = Vec::new();
    for credential in raw.credentials {
        let credential = check_credential(credential, &settings)?;
        if credentials.iter().any(|other| other.name == credential.name) {
            return Err(ManifestError::invalid("credentials.name", format!("`{}` occurs twice", credential.name)));
        }
        credentials.push(credential);
    }
    Ok(Manifest {
        limits: check_limits(&raw.limits)?,
        network: check_origins("network.origins", &raw.network.origins, &settings)?,
        filesystem: raw.filesystem.workspace,
        name: raw.name,
        kind: raw.kind,
        version: raw.version,
        world: raw.world,
        description: raw.description,
        settings,
        credentials,
    })
}

fn check_credential(raw: RawCredential, settings: &Value) -> Result<Credential, ManifestError> {
    require_name("credentials.name", &raw.name)?;
    require_description("credentials.description", &raw.description)?;
    if raw.origins.is_empty() {
        return Err(ManifestError::invalid("credentials.origins", "a credential that may go nowhere is of no use"));
    }
    if let PlaceSpec::Header { name } = &raw.place
        && !is_header_name(name)
    {
        return Err(ManifestError::invalid("credentials.place.name", format!("`{name}` is not the name of a header")));
    }
    let origins = check_origins("credentials.origins", &raw.origins, settings)?;
    Ok(Credential { name: raw.name, description: raw.description, origins, place: raw.place, optional: raw.optional })
}

/// A setting that an origin names must be a declared text: a typing error would else grant nothing and say nothing.
fn check_origins(key: &str, origins: &[String], settings: &Value) -> Result<Vec<OriginSpec>, ManifestError> {
    if origins.len() > MAX_ORIGINS {
        return Err(ManifestError::invalid(key, format!("at most {MAX_ORIGINS}")));
    }
    let check = |text: &String| {
        let origin = OriginSpec::parse(text).map_err(|problem| ManifestError::invalid(key, problem))?;
        if let OriginSpec::Setting(name) = &origin {
            let declared = settings.get("properties").and_then(|properties| properties.get(name)).and_then(|property| property.get("type"));
            if declared.and_then(Value::as_str) != Some("string") {
                return Err(ManifestError::invalid(key, format!("`{text}` names no setting of type string")));
            }
        }
        Ok(origin)
    };
    origins.iter().map(check).collect()
}

fn check_limits(raw: &RawLimits) -> Result<Limits, ManifestError> {
    let limit = |key: &str, value: Option<i64>| match value.map(u64::try_from) {
        None => Ok(None),
        Some(Ok(value)) if value > 0 => Ok(Some(value)),
        Some(_) => Err(ManifestError::invalid(format!("limits.{key}"), "must be at least 1")),
    };
    Ok(Limits {
        fuel: limit("fuel", raw.fuel)?,
        deadline_millis: limit("deadline-millis", raw.deadline_millis)?,
        memory_bytes: limit("memory-bytes", raw.memory_bytes)?,
        table_elements: limit("table-elements", raw.table_elements)?,
        output_bytes: limit("output-bytes", raw.output_bytes)?,
    })
}

fn require_name(key: &str, name: &str) -> Result<(), ManifestError> {
    if is_name(name) {
        return Ok(());
    }
    let problem = format!("`{name}` is not a name: 1 to {MAX_NAME_CHARS} lower-case letters, digits and single hyphens between them");
    Err(ManifestError::invalid(key, problem))
}

/// Descriptions are printed to terminals: a control character in one could rewrite what stands around it.
fn require_description(key: &str, text: &str) -> Result<(), ManifestError> {
    if text.trim().is_empty() {
        return Err(ManifestError::invalid(key, "must not be empty"));
    }
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(ManifestError::invalid(key, format!("must not be longer than {MAX_DESCRIPTION_CHARS} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(ManifestError::invalid(key, "must be one line without control characters"));
    }
    Ok(())
}

pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME_CHARS
        && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// <https://semver.org>, version 2.0.0.
fn is_version(text: &str) -> bool {
    let (rest, build) = split_once_or_all(text, '+');
    let (core, pre) = split_once_or_all(rest, '-');
    let identifier = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= MAX_VERSION_CHARS
        && core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|part| identifier(part) && (!all_digits(part) || number(part))))
        && build.is_none_or(|build| build.split('.').all(identifier))
}

fn is_world(text: &str) -> bool {
    let (path, version) = split_once_or_all(text, '@');
    let (namespace, rest) = split_once_or_all(path, ':');
    let (package, world) = split_once_or_all(rest.unwrap_or_default(), '/');
    text.len() <= MAX_WORLD_CHARS
        && [namespace, package, world.unwrap_or_default()].into_iter().all(is_name)
        && version.is_some_and(is_version)
}

/// RFC 9110, a token.
fn is_header_name(text: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn split_once_or_all(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}
