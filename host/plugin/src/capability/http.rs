//! `wasi:http`, outgoing: each request is read into plain values, held against what the component was granted, and given
//! to the port that judges, records and sends. What is refused is `HTTP-request-denied` to the guest.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited, StreamBody};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks};
use wirken_egress::Error as RequestError;
use wirken_engine::State;
use wirken_types::credential::Origin;
use wirken_types::http::{Header, Request, Segment};

use super::{Capability, Host, Offer};
use crate::authority::{Authority, Network};
use crate::ports::{Ports, Requests};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:http/types", "wasi:http/outgoing-handler"],
    validate: |manifest| {
        if manifest.network.origins.is_empty() { Err("name whom it speaks with in `origins` under [network]".into()) } else { Ok(()) }
    },
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            outgoing_handler::add_to_linker::<_, WasiHttp>(linker, view)?;
            types::add_to_linker::<_, WasiHttp>(linker, &(&LinkOptions::default()).into(), view)
        },
    }],
};

/// By which a request names the credentials that it wants. It never leaves this machine.
const CREDENTIALS: &str = "wirken-credentials";

/// A request's body, in bytes. A guest's memory is not larger than some hundred of them.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Headers that libraries set by themselves and that are the transport's own affair.
const FRAMING: [&str; 4] = ["accept-encoding", "content-length", "host", "connection"];

/// What a call's requests go through.
pub(crate) struct Outgoing {
    component: Arc<str>,
    network: Network,
    /// The credentials that the component was granted: one that it names is one of these.
    bindings: Arc<std::collections::BTreeSet<String>>,
    port: Arc<dyn Requests>,
}

impl Outgoing {
    pub(super) fn prepare(component: &Arc<str>, authority: &Authority, ports: &Ports) -> Self {
        Self {
            component: Arc::clone(component),
            network: authority.network.clone(),
            bindings: Arc::new(authority.credentials.clone()),
            port: Arc::clone(&ports.requests),
        }
    }
}

type Outcome = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Outgoing {
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Outcome> + Send> {
        let (component, network) = (Arc::clone(&self.component), self.network.clone());
        let (bindings, port) = (Arc::clone(&self.bindings), Arc::clone(&self.port));
        Box::new(async move {
            let (head, body) = request.into_parts();
            let credentials = credentials(&head.headers)?;
            if let Err(reason) = within(&network, &component, &head, &credentials, &bindings) {
                tracing::info!(component = &*component, reason, "a request was refused");
                return Err(Error::HttpRequestDenied);
            }
            let request = Request {
                method: head.method.to_string(),
                url: head.uri.to_string(),
                headers: headers(&head.headers)?,
                body: collect(body).await?,
                credentials,
                timeout_millis: None,
            };
            let RequestOptions { first_byte_timeout, between_bytes_timeout, .. } = options.unwrap_or_default();
            let response = within_time(first_byte_timeout, port.send(request)).await?.map_err(refused)?;
            Ok((answer(response, between_bytes_timeout)?, Box::new(std::future::ready(Ok(()))) as _))
        })
    }
}

/// Whether the component was granted this; the error is for the operator.
fn within(
    network: &Network,
    component: &str,
    head: &http::request::Parts,
    credentials: &[String],
    bindings: &std::collections::BTreeSet<String>,
) -> Result<(), String> {
    // As a browser reads it, which is how it is judged and sent from here on.
    let url = url::Url::parse(&head.uri.to_string()).map_err(|error| format!("its URL cannot be read: {error}"))?;
    let origin = Origin::of(&url).map_err(|error| error.to_string())?;
    if !network.covers(head.method.as_str(), &origin, url.path()) {
        return Err(format!("{component} may not send this request to {origin}: it may reach {}", network.told()));
    }
    match credentials.iter().find(|name| !bindings.contains(*name)) {
        Some(_) => Err(format!("{component} names a credential that it was not granted")),
        None => Ok(()),
    }
}

/// The bindings that a request names, in one header or several.
fn credentials(headers: &http::HeaderMap) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for value in headers.get_all(CREDENTIALS) {
        let text = value.to_str().map_err(|_| Error::HttpRequestDenied)?;
        names.extend(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    }
    Ok(names)
}

fn headers(headers: &http::HeaderMap) -> Result<Vec<Header>, Error> {
    let kept = headers.iter().filter(|(name, _)| name.as_str() != CREDENTIALS && !FRAMING.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let value = value.to_str().map_err(|_| Error::HttpRequestHeaderSize { field_name: Some(name.to_string()), field_size: None })?;
        Ok(Header { name: name.to_string(), value: value.to_owned() })
    })
    .collect()
}

async fn collect(body: WasiBody) -> Result<Vec<Segment>, Error> {
    let whole = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(error) => {
            return Err(match error.downcast::<Error>() {
                Ok(error) => *error,
                Err(_) => Error::HttpRequestBodySize(Some(MAX_BODY_BYTES as u64)),
            });
        }
    };
    Ok(if whole.is_empty() { Vec::new() } else { vec![Segment::Bytes(whole.into())] })
}

/// Of the times that a guest may name; the host's own hold beside them.
async fn within_time<R>(limit: Option<Duration>, what: impl Future<Output = R>) -> Result<R, Error> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, what).await.map_err(|_| Error::HttpResponseTimeout),
        None => Ok(what.await),
    }
}

fn answer(response: wirken_egress::Response, between: Option<Duration>) -> Result<http::Response<WasiBody>, Error> {
    let mut head = http::Response::builder().status(response.status);
    for Header { name, value } in &response.headers {
        // The body comes in whole pieces, whatever the far end said of them.
        if !matches!(name.as_str(), "connection" | "transfer-encoding") {
            head = head.header(name, value);
        }
    }
    let pieces = futures_util::stream::unfold(Some(response), move |response| async move {
        let mut response = response?;
        match within_time(between, response.next_chunk()).await {
            Ok(Ok(Some(bytes))) => Some((Ok(http_body::Frame::data(bytes)), Some(response))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(refused(error)), None)),
            Err(error) => Some((Err(error), None)),
        }
    });
    let body: WasiBody = BodyExt::boxed_unsync(StreamBody::new(pieces));
    head.body(body).map_err(|_| Error::HttpProtocolError)
}

/// In the words of `wasi:http`.
fn refused(error: RequestError) -> Error {
    match error {
        RequestError::Denied(_) | RequestError::Leak { .. } => Error::HttpRequestDenied,
        RequestError::Invalid(_) => Error::HttpRequestUriInvalid,
        RequestError::Unavailable(reason) => Error::InternalError(Some(reason)),
        RequestError::Connect { .. } => Error::DestinationUnavailable,
        RequestError::Tls { .. } => Error::TlsProtocolError,
        RequestError::Timeout { .. } => Error::HttpResponseTimeout,
        RequestError::Limit { bytes, sent: true, .. } => Error::HttpResponseBodySize(Some(bytes)),
        RequestError::Limit { bytes, sent: false, .. } => Error::HttpRequestBodySize(Some(bytes)),
        RequestError::Interrupted { .. } => Error::ConnectionTerminated,
        RequestError::Protocol(_) => Error::HttpProtocolError,
    }
}

fn view(state: &mut State<Host>) -> WasiHttpCtxView<'_> {
    let Host { table, http, outgoing, .. } = &mut state.data;
    WasiHttpCtxView { hooks: outgoing, table, ctx: http }
}
