//! Egress against real servers on this machine: HTTP, TLS, DNS, and bytes as a broken server would send them.

#[cfg(test)]
mod credentials;
#[cfg(test)]
mod data;
#[cfg(test)]
mod dns;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod local;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod proxied;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tinyproxy;
#[cfg(test)]
mod tls;
