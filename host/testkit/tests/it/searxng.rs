//! The fake of a search service, asked by curl as its documentation does (docs.searxng.org/dev/search_api).

use serde_json::Value;
use wirken_testkit::searxng::{FakeSearxng, Found};

/// The status, and what came.
#[expect(clippy::disallowed_methods, reason = "an independent client, in a process of its own")]
async fn curl(arguments: &[&str]) -> (u16, String) {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let run = move || {
        let mut command = std::process::Command::new("curl");
        command.env_clear().args(["--silent", "--max-time", "20", "--write-out", "\n%{http_code}"]).args(arguments);
        command.output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().expect("curl, which `.ci/docker install` installs");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn curl_finds_as_the_documentation_has_it() {
    let service = FakeSearxng::start(|query| vec![Found::new(format!("About {query}"), "https://a.example/", "A page.")]).await.unwrap();
    let url = |path: &str| format!("{}{path}", service.base_url());
    for arguments in [
        &[url("/search?q=searxng&format=json")][..],
        &[url("/?q=searxng&format=json")],
        &["-X".into(), "POST".into(), url("/search"), "-d".into(), "q=searxng&format=json".into()],
        &["-L".into(), "-X".into(), "POST".into(), "-d".into(), "q=searxng&format=json".into(), url("/")],
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (status, body) = curl(&arguments).await;
        let found: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &found["results"][0]["title"]), (200, &"About searxng".into()), "{arguments:?}: {body}");
        assert_eq!(found["results"][0]["url"], "https://a.example/");
    }
    let (_, body) =
        curl(&[&url("/search"), "-G", "--data-urlencode", "q=Grüße & mehr +1", "-d", "format=json&time_range=week&language=pt-BR"]).await;
    assert!(body.contains("About Grüße & mehr +1"), "{body}");
    assert_eq!(service.queries().len(), 5);
    // Without a format it is the page for people, and a search is none without words.
    assert!(curl(&[&url("/search?q=searxng")]).await.1.contains("<title>"));
    for (query, said) in [
        ("format=json", "No query"),
        ("q=&format=json", "No query"),
        ("q=a&format=json&time_range=hour", "time_range"),
        ("q=a&format=json&pageno=0", "pageno"),
        ("q=a&format=json&language=klingon", "language"),
    ] {
        let (status, body) = curl(&[&url(&format!("/search?{query}"))]).await;
        assert!(status == 400 && body.contains(said), "{query}: {status} {body}");
    }
    assert_eq!(curl(&[&url("/search?q=a&format=csv")]).await.0, 403);
    assert_eq!(service.queries().len(), 5);
    let people = FakeSearxng::start_without_json().await.unwrap();
    assert_eq!(curl(&[&format!("{}/search?q=a&format=json", people.base_url())]).await.0, 403);
}
