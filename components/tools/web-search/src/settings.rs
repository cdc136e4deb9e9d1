//! What the owner set: which service searches, and where it is.

use serde::Deserialize;
use wirken_guest_http::Target;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    #[default]
    Searxng,
    Brave,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Given {
    provider: Provider,
    base_url: Option<String>,
}

/// Where a SearXNG listens unless it is told otherwise. The manifest has the same default.
const DEFAULT_BASE_URL: &str = "http://localhost:8888";
/// The only place that the manifest lets the credential go.
const BRAVE: &str = "https://api.search.brave.com/res/v1/web/search";

/// The service, and where it takes a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) provider: Provider,
    pub(crate) endpoint: Target,
}

impl Service {
    pub(crate) fn parse(settings: &str) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("the settings of web-search are not right: {error}");
        let given: Given = serde_json::from_str(settings).map_err(|error| wrong(&error))?;
        let base_url = given.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL);
        let endpoint = match given.provider {
            Provider::Searxng => Target::parse(base_url).map(|base| base.with_path(&["search"])),
            Provider::Brave => Target::parse(BRAVE),
        };
        Ok(Self { provider: given.provider, endpoint: endpoint.map_err(|error| wrong(&error))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_where_the_owner_said() {
        let table = [
            ("{}", Provider::Searxng, "http://localhost:8888/search"),
            ("{\"base-url\":\"https://s.example\"}", Provider::Searxng, "https://s.example/search"),
            ("{\"provider\":\"searxng\",\"base-url\":\"https://s.example/x/\"}", Provider::Searxng, "https://s.example/x/search"),
            ("{\"provider\":\"brave\",\"base-url\":\"https://s.example\"}", Provider::Brave, BRAVE),
        ];
        for (settings, provider, endpoint) in table {
            assert_eq!(Service::parse(settings), Ok(Service { provider, endpoint: Target::parse(endpoint).unwrap() }), "{settings}");
        }
        for settings in ["", "{\"provider\":\"other\"}", "{\"base-url\":\"s.example\"}", "{\"base-url\":\"ftp://s.example\"}"] {
            assert!(Service::parse(settings).unwrap_err().contains("settings of web-search"), "{settings}");
        }
    }
}
