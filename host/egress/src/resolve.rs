//! From names to addresses, without the C library: the shipped binary is static, and `getaddrinfo` is not in it.
//!
//! [`Resolve`] is the port; [`Dns`] asks the name servers of `/etc/resolv.conf` itself, and reads it only when the
//! first name is needed. Which of the answers may be connected to is decided beside it, in `guard`, for every
//! resolver alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::timeout;
use tower_service::Service;

use crate::guard::{Address, classify};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long a name is looked up whose address the proxy finds by itself. A company's name servers often know no name
/// outside, and some do not even say so.
const LOOKUP: Duration = Duration::from_secs(2);

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

/// The names that one client may connect to.
#[derive(Clone)]
pub(crate) enum Names {
    /// Those of public origins: of a name's addresses, the open ones.
    Public(Arc<dyn Resolve>),
    /// `localhost`, as this machine; nobody is asked. An address needs no answer.
    Local,
    /// The proxy's own, which the owner wrote: it may stand on this machine or in a private network.
    Proxy(Arc<dyn Resolve>),
}

/// An address of a name is one that must not be connected to.
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

impl Names {
    async fn addresses(self, name: String) -> Result<Vec<IpAddr>, BoxError> {
        if name == "localhost" && !matches!(self, Self::Public(_)) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let (resolver, closed): (_, fn(IpAddr) -> Option<&'static str>) = match self {
            Self::Local => return Err(Unresolved(format!("{name} is not this machine")).into()),
            Self::Public(resolver) => (resolver, closed),
            Self::Proxy(resolver) => (resolver, forbidden),
        };
        let answer = resolver.resolve(name.clone()).await.map_err(Unresolved)?;
        let mut refused = None;
        let mut allowed = Vec::with_capacity(answer.len());
        for address in answer {
            match closed(address) {
                None => allowed.push(address),
                Some(what) => refused = Some((address, what)),
            }
        }
        match refused {
            Some((address, what)) if allowed.is_empty() => Err(Refused { name, address, what }.into()),
            _ if allowed.is_empty() => Err(Unresolved(format!("the name {name} has no address")).into()),
            _ => Ok(allowed),
        }
    }
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = addresses.await?.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// What this machine knows of a name that a proxy is to connect to. One closed address is enough: which of them the proxy
/// takes, nobody here can say. A name that is not known here is the proxy's to resolve.
pub(crate) async fn check_elsewhere(resolver: &dyn Resolve, name: &str) -> Result<(), Refused> {
    let Ok(Ok(answer)) = timeout(LOOKUP, resolver.resolve(name.to_owned())).await else { return Ok(()) };
    match answer.into_iter().find_map(|address| closed(address).map(|what| (address, what))) {
        Some((address, what)) => Err(Refused { name: name.to_owned(), address, what }),
        None => Ok(()),
    }
}

/// Why an address is closed to a name.
fn closed(address: IpAddr) -> Option<&'static str> {
    match classify(address) {
        Address::Public => None,
        Address::Loopback => Some("this machine"),
        Address::Private => Some("a private network"),
        Address::Forbidden(what) => Some(what),
    }
}

/// Why an address is closed to everybody.
pub(crate) fn forbidden(address: IpAddr) -> Option<&'static str> {
    match classify(address) {
        Address::Forbidden(what) => Some(what),
        _ => None,
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

    fn fixed(addresses: &[&str]) -> Arc<dyn Resolve> {
        Arc::new(Fixed(addresses.iter().map(|address| address.parse().expect(address)).collect()))
    }

    async fn resolved(names: Names, name: &str) -> Result<Vec<String>, String> {
        let addresses = names.addresses(name.to_owned()).await.map_err(|error| error.to_string())?;
        Ok(addresses.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn of_a_names_addresses_only_the_open_ones_are_handed_on() {
        let addresses = ["127.0.0.1", "8.8.8.8", "::1", "169.254.169.254", "2001:4860:4860::8888", "10.0.0.1"];
        let answer = resolved(Names::Public(fixed(&addresses)), "api.example.com").await;
        assert_eq!(answer, Ok(vec!["8.8.8.8".to_owned(), "2001:4860:4860::8888".to_owned()]));
        let error = resolved(Names::Public(fixed(&["127.0.0.1"])), "localhost").await.expect_err("a public name is never this machine");
        assert!(error.contains("127.0.0.1"), "{error}");
    }

    #[tokio::test]
    async fn this_machine_has_one_name_and_asks_nobody() {
        let local = vec!["127.0.0.1".to_owned(), "::1".to_owned()];
        assert_eq!(resolved(Names::Local, "localhost").await, Ok(local.clone()));
        assert!(resolved(Names::Local, "api.example.com").await.expect_err("another").contains("is not this machine"));
        assert_eq!(resolved(Names::Proxy(Arc::new(DenyResolve)), "localhost").await, Ok(local));
    }

    #[tokio::test]
    async fn a_proxy_may_stand_anywhere_but_where_nobody_may() {
        for (address, open) in
            [("8.8.8.8", true), ("127.0.0.1", true), ("10.0.0.1", true), ("fd00::1", true), ("169.254.169.254", false), ("0.0.0.0", false)]
        {
            let answer = resolved(Names::Proxy(fixed(&[address])), "proxy.example.com").await;
            assert_eq!(answer.is_ok(), open, "{address}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn what_a_proxy_is_to_resolve_is_refused_only_where_it_is_known_here() {
        struct Never;
        impl Resolve for Never {
            fn resolve(&self, _: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
                Box::pin(std::future::pending())
            }
        }
        for (addresses, passes) in [
            (vec!["8.8.8.8"], true),
            (vec!["8.8.8.8", "2001:4860:4860::8888"], true),
            (vec![], true),
            (vec!["127.0.0.1"], false),
            (vec!["8.8.8.8", "10.0.0.1"], false),
            (vec!["::ffff:8.8.8.8"], false),
        ] {
            let checked = check_elsewhere(&*fixed(&addresses), "api.example.com").await;
            assert_eq!(checked.is_ok(), passes, "{addresses:?}");
        }
        assert!(check_elsewhere(&DenyResolve, "api.example.com").await.is_ok(), "a name that is not known here is the proxy's");
        let began = tokio::time::Instant::now();
        assert!(check_elsewhere(&Never, "api.example.com").await.is_ok());
        assert!((LOOKUP..2 * LOOKUP).contains(&began.elapsed()), "{:?}", began.elapsed());
    }
}
