//! Credentials as the far end receives them.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::any;

use crate::support::*;

/// Tells whether the expected header came exactly once, without repeating it.
async fn check(headers: HeaderMap) -> String {
    let values = |name: &str| headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    let bearer = values("authorization") == [format!("Bearer {SECRET}")];
    let key = values("x-api-key") == [SECRET];
    format!("bearer={bearer} key={key} any={}", headers.contains_key("authorization") || headers.contains_key("x-api-key"))
}

#[tokio::test]
async fn a_credential_arrives_at_its_place() {
    let server = serve(Router::new().fallback(any(check))).await;
    let url = format!("http://{server}/");
    for (place, expected) in [("bearer", "bearer=true key=false any=true"), ("header:X-Api-Key", "bearer=false key=true any=true")] {
        let authority = bound(at(server), "key", place, SECRET);
        assert_eq!(text(&egress(), naming(get(&url), "key"), authority).await.1, expected);
    }
    let authority = bound(bound(at(server), "key", "bearer", SECRET), "other", "header:x-api-key", SECRET);
    assert_eq!(text(&egress(), naming(naming(get(&url), "key"), "other"), authority).await.1, "bearer=true key=true any=true");
}

#[tokio::test]
async fn a_request_that_names_no_credential_goes_without() {
    let server = serve(Router::new().fallback(any(check))).await;
    let authority = bound(at(server), "key", "bearer", SECRET);
    assert_eq!(text(&egress(), get(format!("http://{server}/")), authority).await.1, "bearer=false key=false any=false");
}

#[tokio::test]
async fn an_optional_credential_that_nobody_stored_is_left_out() {
    let server = serve(Router::new().fallback(any(check))).await;
    let mut authority = bound(at(server), "key", "bearer", SECRET);
    authority.credentials[0].record = None;
    authority.credentials[0].optional = true;
    assert_eq!(text(&egress(), naming(get(format!("http://{server}/")), "key"), authority).await.1, "bearer=false key=false any=false");
}

#[tokio::test]
async fn disagreement_of_any_two_sends_nothing() {
    let server = serve(Router::new().fallback(any(check))).await;
    let other: wirken_types::credential::OriginPattern = "https://api.example.com".parse().unwrap();
    let request = || naming(get(format!("http://{server}/")), "key");
    let mut manifest = bound(at(server), "key", "bearer", SECRET);
    manifest.credentials[0].manifest_origins = vec![other.clone()];
    let mut record = bound(at(server), "key", "bearer", SECRET);
    record.credentials[0].record.as_mut().unwrap().origins = vec![other];
    let mut place = bound(at(server), "key", "bearer", SECRET);
    place.credentials[0].place = "header:x".parse().unwrap();
    let mut missing = bound(at(server), "key", "bearer", SECRET);
    missing.credentials[0].record = None;
    for authority in [manifest, record, place, missing, at(server)] {
        let (kind, sent, message) = refusal(&egress(), request(), authority).await;
        assert_eq!((kind, sent), ("denied", false), "{message}");
        assert!(!message.contains(SECRET), "{message}");
    }
}

#[tokio::test]
async fn the_place_of_a_credential_is_the_hosts() {
    let server = serve(Router::new().fallback(any(check))).await;
    let url = format!("http://{server}/");
    let taken = with_header(naming(get(&url), "key"), "X-API-KEY", "mine");
    assert_eq!(refusal(&egress(), taken, bound(at(server), "key", "header:x-api-key", SECRET)).await.0, "denied");
    let twice = bound(bound(at(server), "key", "bearer", SECRET), "other", "bearer", "another secret value");
    assert_eq!(refusal(&egress(), naming(naming(get(&url), "key"), "other"), twice).await.0, "denied");
}

#[tokio::test]
async fn a_secret_that_is_no_header_value_is_refused_without_repeating_it() {
    let server = serve(Router::new().fallback(any(check))).await;
    for secret in ["two lines\nx-injected: 1", "nul\0byte", "carriage\rreturn"] {
        let authority = bound(at(server), "key", "bearer", secret);
        let (kind, sent, message) = refusal(&egress(), naming(get(format!("http://{server}/")), "key"), authority).await;
        assert_eq!((kind, sent), ("denied", false));
        assert!(message.contains("store it again") && !message.contains(secret), "{message}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_origin_takes_no_credential_along() {
    let thief = serve(Router::new().fallback(any(|| async { "stolen" }))).await;
    let location = format!("http://{thief}/");
    let server =
        serve(Router::new().fallback(any(move || async move { (axum::http::StatusCode::FOUND, [("location", location)], "") }))).await;
    let mut authority = bound(at(server), "key", "bearer", SECRET);
    authority.origins.push(format!("http://{thief}").parse().unwrap());
    authority.own.push(format!("http://{thief}").parse().unwrap());
    let (status, body) = text(&egress(), naming(get(format!("http://{server}/")), "key"), authority).await;
    assert_eq!((status, body.as_str()), (302, ""));
}

#[test]
fn nothing_that_holds_a_credential_shows_it() {
    let authority = bound(own(&["https://api.example.com"]), "key", "bearer", SECRET);
    assert!(!format!("{authority:?}").contains(SECRET));
}
