//! A manifest that binds a credential to a host of its own. What the vault holds says where it may go, and the human said that.

use serde_json::json;
use wirken_egress::Options;
use wirken_manifest::Manifest;

use super::server::{KEY, Outside, Server, held_for};

pub(super) async fn credential_of_another() {
    let (theirs, mine) = (Server::start().await, Server::start().await);
    // The credential was stored for their server. The manifest wants it at both.
    let mut greedy = crate::package("fixtures/worldly");
    let binding = greedy.manifest.credentials.first_mut().unwrap();
    binding.origins = Manifest::parse(
        "name = \"t\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"w\"\n[settings]\ntype = \"object\"\n\
         [settings.properties.base-url]\ntype = \"string\"\n[settings.properties.other-url]\ntype = \"string\"\n\
         [network]\norigins = [\"{settings.base-url}\", \"{settings.other-url}\"]\n\
         [[credentials]]\nname = \"key\"\ndescription = \"k\"\norigins = [\"{settings.base-url}\", \"{settings.other-url}\"]\n\
         place = { kind = \"bearer\" }\n",
    )
    .unwrap()
    .credentials
    .remove(0)
    .origins;
    let settings = json!({ "base-url": theirs.url(), "other-url": mine.url() });
    let outside = Outside::of(greedy, settings, Some(held_for(&theirs.url())), Options::default()).await;
    let with = |url: String, names: &[&str]| json!({ "act": "request", "method": "GET", "url": url, "credentials": names });
    let told = outside.act(with(format!("{}/open/", mine.url()), &["key"])).await;
    assert!(told["error"].as_str().is_some_and(|error| error.starts_with("denied")), "{told}");
    // Nor one of a component that it is not, by whatever name.
    for name in ["openai", "openai/api-key", "worldly/key", "KEY", "../key", "key;key"] {
        let told = outside.act(with(format!("{}/open/", mine.url()), &[name])).await;
        assert!(told["error"].as_str().is_some_and(|error| error.starts_with("denied")), "{name}: {told}");
        assert_eq!(outside.act(json!({ "act": "available", "name": name })).await, false, "{name}");
    }
    assert_eq!((theirs.heard(), mine.heard()), (Vec::new(), Vec::new()));
    // Where it was stored for it arrives, and elsewhere a request goes without it.
    assert_eq!(outside.act(with(theirs.url(), &["key"])).await["body"], "hello");
    assert_eq!(outside.act(with(format!("{}/open/", mine.url()), &[])).await["body"], "hello");
    let arrived = |server: &Server| server.heard().iter().filter(|head| head.contains(KEY)).count();
    assert_eq!((arrived(&theirs), arrived(&mine), mine.heard().len()), (1, 0, 1));
}
