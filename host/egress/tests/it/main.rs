//! Egress against real servers on this machine: HTTP, TLS, DNS, and bytes as a broken server would send them.

mod credentials;
mod data;
mod dns;
mod leaks;
mod limits;
mod local;
mod streams;
mod support;
mod tls;
