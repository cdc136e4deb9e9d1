//! `wasi:cli`: what programs made for a command line expect around them. There is none here: no arguments, no environment,
//! nothing to read, and what they print is dropped.

use wasmtime_wasi::cli::{WasiCli, WasiCliCtxView};
use wasmtime_wasi::p2::bindings::cli;
use wirken_engine::State;

use super::{Capability, Host, Offer, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &[
        "wasi:cli/environment",
        "wasi:cli/exit",
        "wasi:cli/stdin",
        "wasi:cli/stdout",
        "wasi:cli/stderr",
        "wasi:cli/terminal-input",
        "wasi:cli/terminal-output",
        "wasi:cli/terminal-stdin",
        "wasi:cli/terminal-stdout",
        "wasi:cli/terminal-stderr",
    ],
    validate: freely,
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            cli::environment::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::exit::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::stdin::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::stdout::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::stderr::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::terminal_input::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::terminal_output::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, view)?;
            cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, view)
        },
    }],
};

fn view(state: &mut State<Host>) -> WasiCliCtxView<'_> {
    let Host { table, wasi, .. } = &mut state.data;
    WasiCliCtxView { ctx: wasi.cli(), table }
}
