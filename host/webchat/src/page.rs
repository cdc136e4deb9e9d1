//! The page itself: its files, embedded, and how each is served.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{StatusCode, Uri};

struct Asset {
    path: &'static str,
    media_type: &'static str,
    body: &'static str,
}

macro_rules! assets {
    ($($path:literal => $file:literal, $media_type:expr;)*) => {
        &[$(Asset { path: $path, media_type: $media_type, body: include_str!(concat!("../page/", $file)) }),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: &[Asset] = assets! {
    "/" => "index.html", HTML;
    "/style.css" => "style.css", CSS;
    "/icon.svg" => "icon.svg", SVG;
    "/app.js" => "app.js", JS;
    "/api.js" => "api.js", JS;
    "/composer.js" => "composer.js", JS;
    "/dom.js" => "dom.js", JS;
    "/ledger.js" => "ledger.js", JS;
    "/link.js" => "link.js", JS;
    "/permissions.js" => "permissions.js", JS;
    "/question.js" => "question.js", JS;
    "/sessions.js" => "sessions.js", JS;
    "/thread.js" => "thread.js", JS;
    "/tree.js" => "tree.js", JS;
};

/// The paths that need no log-in.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path)
}

pub(crate) async fn serve(uri: Uri) -> Response {
    match ASSETS.iter().find(|asset| asset.path == uri.path()) {
        // A newer gateway on the same port serves newer files, which must not be mixed with older ones.
        Some(asset) => ([(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "no-cache")], asset.body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content security policy forbids all of these; a page that has them would be broken, not unsafe.
    #[test]
    fn has_nothing_inline_and_nothing_from_elsewhere() {
        for asset in ASSETS {
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            for never in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://", "style=", " onclick="]
            {
                assert!(!body.contains(never), "{} contains {never}", asset.path);
            }
            if asset.media_type == HTML {
                assert!(body.matches("<script").count() == body.matches("<script type=\"module\" src=\"/").count());
                assert!(!body.contains("<style"));
            }
        }
    }

    #[test]
    fn imports_only_its_own_modules() {
        for asset in ASSETS.iter().filter(|asset| asset.media_type == JS) {
            for line in asset.body.lines().filter(|line| line.contains(" from \"")) {
                let module = line.split(" from \"./").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                assert!(paths().any(|path| path.strip_prefix('/') == Some(module)), "{}: {line}", asset.path);
            }
        }
    }
}
