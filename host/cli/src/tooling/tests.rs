use wirken_gateway::Tools as _;
use wirken_gateway::folder::Folder;

use super::*;

#[tokio::test]
async fn a_bundled_component_is_out_of_use_until_its_owner_enables_it_or_starts_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Some(folder.path().join("cache"));
    let engine = Engine::new(&wirken_engine::Options { cache, ..wirken_engine::Options::default() }).unwrap();
    let config = Config::parse("[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n").unwrap();
    let data = Folder::open(&folder.path().join("data")).unwrap();
    let load = || Tooling::load(&engine, Shelf::of(&data), &config, folder.path().to_owned(), None);
    let (tooling, _) = load().await.unwrap();
    let offers = |tooling: &Tooling| tooling.catalogue().about("send_message").is_some();
    assert!(offers(&tooling) && !tooling.is_quarantined("message"));

    tooling.quarantine("message", "it crashed 5 times").unwrap();
    tooling.reload(None).await.unwrap();
    assert!(!offers(&tooling) && tooling.catalogue().about("memory_save").is_some(), "it alone");
    assert_eq!(tooling.resting(), BTreeMap::from([("message".into(), "quarantined: it crashed 5 times".into())]));
    assert!(tooling.authority("message").is_none());
    tooling.reload(None).await.unwrap();
    assert!(!offers(&tooling), "to read anew ends nothing");

    assert!(tooling.is_quarantined("message"));
    tooling.release("message");
    tooling.reload(None).await.unwrap();
    assert!(offers(&tooling) && tooling.resting().is_empty());

    tooling.quarantine("message", "it crashed 5 times").unwrap();
    assert!(offers(&load().await.unwrap().0), "a start begins anew");
}
