//! What is logged to stderr: what `WIRKEN_LOG` asks for, and of libraries no more than warnings.
//!
//! Our own lines hold no secret and no payload. A library's do not know what a secret is: an HTTP library tells a URL, a
//! header or a body at the levels that people turn on to find out why a request fails, and a URL may hold a credential.

use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, subscriber};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::environment::{self, Environment};
use crate::output;

/// What the targets of this workspace's crates begin with.
const OWN: &str = "wirken";

pub(crate) fn start(environment: &Environment) {
    let filter = EnvFilter::try_new(environment.log.as_deref().unwrap_or("warn")).unwrap_or_else(|error| {
        let name = environment::LOG;
        output::note(format_args!(
            "{name} is not understood ({error}), so warnings alone are logged: write `debug`, or `wirken_egress=debug`."
        ));
        EnvFilter::new("warn")
    });
    // Nobody logged before, so that there is no other subscriber in the way.
    subscriber::set_global_default(log(filter, std::io::stderr, environment.color)).ok();
}

/// A log of what passes both the filter and [`allowed`].
fn log<W>(filter: EnvFilter, writer: W, color: bool) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(color);
    tracing_subscriber::registry().with(lines.with_filter(allowed()).with_filter(filter))
}

/// What may be logged at all, whatever the filter asks for.
fn allowed() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target(OWN, LevelFilter::TRACE)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        subscriber::with_default(log(EnvFilter::new(filter), move || writer.clone(), false), || {
            let span = tracing::trace_span!(target: "h2::codec", "a-span", url = "a-url-in-a-span");
            span.in_scope(|| {
                tracing::trace!(target: "h2::codec", "a-trace");
                tracing::debug!(target: "hyper_util::client", "a-debug");
                tracing::info!(target: "reqwest", "an-info");
                tracing::warn!(target: "hickory_resolver", "a-warning");
                tracing::trace!(target: "wirken_egress::client", "own-trace");
                tracing::info!(target: "wirken", "own-info");
            });
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn libraries_tell_warnings_and_no_more_whatever_is_asked_for() {
        for filter in ["trace", "h2=trace", "h2=trace,hyper_util=trace,reqwest=trace,wirken_egress=trace", "[a-span]=trace"] {
            let text = logged(filter);
            for kept_back in ["a-trace", "a-debug", "an-info", "a-url-in-a-span"] {
                assert!(!text.contains(kept_back), "{filter}: {text}");
            }
        }
        let text = logged("trace");
        for told in ["a-warning", "own-trace", "own-info"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn the_filter_still_says_what_of_our_own_is_told() {
        assert_eq!(logged("off"), "");
        let text = logged("warn");
        assert!(text.contains("a-warning") && !text.contains("own-"), "{text}");
        let text = logged("wirken_egress=trace");
        assert!(text.contains("own-trace") && !text.contains("own-info") && !text.contains("a-warning"), "{text}");
    }
}
