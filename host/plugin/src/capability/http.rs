//! `wasi:http`: linked, and every request refused as `HTTP-request-denied`: no component is granted the network yet.

use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks};
use wirken_engine::State;

use super::{Capability, Host, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:http/types", "wasi:http/outgoing-handler"],
    version: "0.2.12",
    validate: freely,
    link: |linker| {
        outgoing_handler::add_to_linker::<_, WasiHttp>(linker, view)?;
        types::add_to_linker::<_, WasiHttp>(linker, &(&LinkOptions::default()).into(), view)
    },
};

/// Refuses every request.
pub(super) struct Deny;

type Outcome = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Deny {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Outcome> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

fn view(state: &mut State<Host>) -> WasiHttpCtxView<'_> {
    let Host { table, http, denied_http, .. } = &mut state.data;
    WasiHttpCtxView { hooks: denied_http, table, ctx: http }
}
