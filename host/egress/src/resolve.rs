//! From names to addresses, without the C library: the shipped binary is static, and `getaddrinfo` is not in it.
//!
//! [`Resolve`] is the port; [`Dns`] asks the name servers of `/etc/resolv.conf` itself, and reads it only when the
//! first name is needed. Which of the answers may be connected to is decided beside it, in `guard`, for every
//! resolver alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolving};

use crate::guard::{Address, classify};

/// Answers with the addresses of a name.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `name`, or a reason that a human can act on.
    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>>;
}

/// Knows no name.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyResolve;

impl Resolve for DenyResolve {
    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        Box::pin(async move { Err(format!("no name is resolved here, and {name:?} is one")) })
    }
}

/// The name servers of this machine.
#[derive(Clone, Default)]
pub struct Dns {
    /// Name servers other than the machine's own.
    config: Option<ResolverConfig>,
    resolver: Arc<RwLock<Option<Arc<TokioResolver>>>>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").finish_non_exhaustive()
    }
}

impl Dns {
    /// Asks the given name servers instead of the machine's own.
    #[must_use]
    pub fn with_config(config: ResolverConfig) -> Self {
        Self { config: Some(config), resolver: Arc::default() }
    }

    fn open(&self) -> Result<Arc<TokioResolver>, String> {
        if let Some(resolver) = self.resolver.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(resolver));
        }
        let provider = TokioRuntimeProvider::default();
        let mut builder = match &self.config {
            Some(config) => TokioResolver::builder_with_config(config.clone(), provider),
            None => TokioResolver::builder(provider).map_err(|error| format!("no name server: {error}; /etc/resolv.conf must name one"))?,
        };
        builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        let resolver = Arc::new(builder.build().map_err(|error| format!("no name server: {error}"))?);
        *self.resolver.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&resolver));
        Ok(resolver)
    }

    /// A machine that moves to another network gets other name servers: what failed is read anew the next time.
    fn close(&self) {
        *self.resolver.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Resolve for Dns {
    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        let this = self.clone();
        Box::pin(async move {
            let resolver = this.open()?;
            // The final dot keeps the machine's search domains out: an origin is a whole name.
            let absolute = if name.ends_with('.') { name.clone() } else { format!("{name}.") };
            match resolver.lookup_ip(absolute).await {
                Ok(answer) => Ok(answer.iter().collect()),
                Err(error) if error.is_nx_domain() || error.is_no_records_found() => Err(format!("the name {name} does not exist")),
                Err(error) => {
                    this.close();
                    Err(format!("the name {name} could not be resolved: {error}"))
                }
            }
        })
    }
}

/// A resolver whose answers have passed the guard: what the client of public origins is given.
pub(crate) struct Guarded(pub(crate) Arc<dyn Resolve>);

/// Every address of a name was one that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the name {name} leads to {address}, which is {what}")]
pub(crate) struct Refused {
    name: String,
    address: IpAddr,
    what: &'static str,
}

/// The resolver failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unresolved(String);

impl reqwest::dns::Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let answer = self.0.resolve(name.clone());
        Box::pin(async move {
            let answer = answer.await.map_err(Unresolved)?;
            let mut refused = None;
            let mut allowed = Vec::with_capacity(answer.len());
            for address in answer {
                match classify(address) {
                    Address::Public => allowed.push(SocketAddr::new(address, 0)),
                    Address::Loopback => refused = Some((address, "this machine")),
                    Address::Private => refused = Some((address, "a private network")),
                    Address::Forbidden(what) => refused = Some((address, what)),
                }
            }
            match refused {
                Some((address, what)) if allowed.is_empty() => Err(Refused { name, address, what }.into()),
                _ if allowed.is_empty() => Err(Unresolved(format!("the name {name} has no address")).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// Knows `localhost`, as this machine, and asks nobody: what the client of the human's loopback origins is given.
pub(crate) struct Localhost;

impl reqwest::dns::Resolve for Localhost {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = if name.as_str() == "localhost" {
            let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        } else {
            Err(Unresolved(format!("{} is not this machine", name.as_str())).into())
        };
        Box::pin(std::future::ready(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<IpAddr>);

    impl Resolve for Fixed {
        fn resolve(&self, _: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
            let answer = self.0.clone();
            Box::pin(async move { Ok(answer) })
        }
    }

    #[tokio::test]
    async fn of_a_names_addresses_only_the_open_ones_are_handed_on() {
        use reqwest::dns::Resolve as _;
        let addresses = ["127.0.0.1", "8.8.8.8", "::1", "169.254.169.254", "2001:4860:4860::8888", "10.0.0.1"];
        let fixed = Fixed(addresses.map(|address| address.parse().expect(address)).to_vec());
        let answer = Guarded(Arc::new(fixed)).resolve("api.example.com".parse().expect("a name")).await.expect("some are open");
        assert_eq!(answer.map(|address| address.ip().to_string()).collect::<Vec<_>>(), ["8.8.8.8", "2001:4860:4860::8888"]);
    }
}
