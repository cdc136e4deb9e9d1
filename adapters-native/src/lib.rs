//! The process of one channel account: it hosts that account's component, and does for it what it describes.
//!
//! It is this very binary, started again by the gateway with an empty environment and two descriptors: a pipe that tells
//! what there is to know, and the compiled component. In this order: read both, connect to the gateway and prove to each
//! other who is who, then give up everything that is not needed any more (files, programs, other sockets, executable
//! memory) while there is one thread, and only then start the runtime. It ends when its connection or its parent does.
//!
//! It holds the credentials of its own account, and nothing else: not the vault's key, not another account's state.

mod boot;
mod bounds;
mod driver;
mod timers;

use std::process::ExitCode;

use wirken_wire::ToGateway;
use wirken_wire::link::split;

pub use boot::StartError;
use driver::{Driver, End, Parts};

/// Runs until the gateway, the component or the parent ends it. `parent` is the process that started this one.
pub fn run(parent: u32) -> Result<ExitCode, StartError> {
    let started = boot::start(parent)?;
    wirken_sandbox::let_go();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let boot::Started { component, limits, settings, state, egress, authority, stream, frames, report, require_sandbox } = started;
        stream.set_nonblocking(true).map_err(StartError::Runtime)?;
        let stream = tokio::net::UnixStream::from_std(stream).map_err(StartError::Runtime)?;
        let (receiver, sender) = split(stream, frames);
        let unconfined = require_sandbox.then(|| report.lacking.join("; ")).filter(|lacking| !lacking.is_empty());
        if sender.send(&ToGateway::Confined { lacking: report.lacking }).await.is_err() {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(lacking) = unconfined {
            let reason = format!("sandbox.require is set, and the kernel does not confine everything: {lacking}");
            sender.send(&ToGateway::Fatal { reason: bounds::reason(reason) }).await.ok();
            sender.close(driver::FAREWELL).await;
            return Ok(ExitCode::FAILURE);
        }
        let driver = Driver::new(Parts { component, limits, settings, state, egress, authority, receiver, sender });
        Ok(match driver.run().await {
            End::Told => ExitCode::SUCCESS,
            End::Fatal | End::Broken => ExitCode::FAILURE,
        })
    })
}
